#include "manifest/kind.h"

#include "base/features.h"

#include <algorithm>

namespace sluice {

#define SLUICE_KIND(function) KindInfo function();
#include "manifest/kinds.def"
#undef SLUICE_KIND

const std::vector<KindInfo>& all_kinds() {
  static const std::vector<KindInfo> kinds = {
#define SLUICE_KIND(function) function(),
#include "manifest/kinds.def"
#undef SLUICE_KIND
  };
  return kinds;
}

const KindInfo* find_kind(std::string_view kind) {
  const auto found = std::ranges::find(all_kinds(), kind, &KindInfo::kind);
  return found == all_kinds().end() ? nullptr : &*found;
}

std::vector<std::string_view> kind_names() {
  std::vector<std::string_view> names;
  for (const KindInfo& kind : all_kinds()) names.push_back(kind.kind);
  return names;
}

std::vector<std::string_view> channel_kind_names() {
  std::vector<std::string_view> names;
  for (const KindInfo& kind : all_kinds()) {
    if (kind.is_channel()) names.push_back(kind.kind);
  }
  return names;
}

bool check_api_version(const KindInfo& kind, const YamlNode& at, std::string_view api_version,
                       Findings& findings) {
  if (std::ranges::find(kind.api_versions, api_version) != kind.api_versions.end()) return true;
  findings.error(at,
                 std::string(kind.kind) + " has the apiVersion " + one_of(kind.api_versions) +
                     ", not " + in_quotes(api_version),
                 "write apiVersion: " + std::string(kind.api_versions.front()));
  return false;
}

LackingBackend lacking_backend(std::string_view kind, Backend backend) {
  if (backend == Backend::none) return {};
  const bool kafka = backend == Backend::kafka;
  return {std::string(kind) + ": this build has no " + (kafka ? "Kafka" : "Redis"),
          kafka ? "build with -DSLUICE_KAFKA=ON (librdkafka-dev)"
                : "build with -DSLUICE_REDIS=ON (libhiredis-dev)"};
}

void check_backend(const KindInfo& kind, const YamlNode& at, Findings& findings) {
  const bool lacks = (kind.backend == Backend::kafka && !kHasKafka) ||
                     (kind.backend == Backend::redis && !kHasRedis);
  if (!lacks) return;
  LackingBackend lacking = lacking_backend(kind.kind, kind.backend);
  findings.error(at, std::move(lacking.text), std::move(lacking.hint));
}

}  // namespace sluice
