#include "manifest/kind.h"

#include <algorithm>

namespace sluice {

#define SLUICE_KIND(function) KindInfo function();
#define SLUICE_LATER_KIND(kind, api_version)
#include "manifest/kinds.def"
#undef SLUICE_KIND
#undef SLUICE_LATER_KIND

namespace {

[[maybe_unused]] KindInfo later_kind(std::string_view kind, std::string_view api_version) {
  KindInfo info;
  info.kind = kind;
  info.api_versions = {api_version};
  info.in_version = false;
  return info;
}

}  // namespace

const std::vector<KindInfo>& all_kinds() {
  static const std::vector<KindInfo> kinds = {
#define SLUICE_KIND(function) function(),
#define SLUICE_LATER_KIND(kind, api_version) later_kind(kind, api_version),
#include "manifest/kinds.def"
#undef SLUICE_KIND
#undef SLUICE_LATER_KIND
  };
  return kinds;
}

const KindInfo* find_kind(std::string_view kind) {
  const auto found = std::ranges::find(all_kinds(), kind, &KindInfo::kind);
  return found == all_kinds().end() ? nullptr : &*found;
}

std::vector<std::string_view> kind_names(bool only_in_version) {
  std::vector<std::string_view> names;
  for (const KindInfo& kind : all_kinds()) {
    if (kind.in_version || !only_in_version) names.push_back(kind.kind);
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

}  // namespace sluice
