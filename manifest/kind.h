#pragma once

#include "manifest/field_info.h"

#include <string_view>
#include <vector>

namespace sluice {

struct Build;
struct Resource;

/// What a Destination's ref to a kind means.
enum class Addressing {
  none,   ///< It cannot be sent to.
  local,  ///< It has an ingress path of its own.
  url,    ///< It stands for a URL outside.
};

/// One kind of the contract.
struct KindInfo {
  std::string_view kind;
  std::vector<std::string_view> api_versions;
  std::string_view about;  ///< For the reference.
  bool in_version = true;  ///< Else it is refused by name.
  Addressing addressing = Addressing::none;
  std::string_view plural = {};          ///< In its ingress path; "" for a Broker.
  bool is_channel = false;               ///< May stand in a channelTemplate.
  const ShapeInfo& (*spec)() = nullptr;  ///< Null: `spec` is not looked at.
  std::vector<std::string_view> body = {"spec", "status"};  ///< Top-level fields but for the head.
  void (*build)(const Resource& resource, Build& build) = nullptr;  ///< Null: nothing to build.
};

/// Every kind, in the order of manifest/kinds.def: that in which they are built, since what comes
/// later refers to what comes before.
[[nodiscard]] const std::vector<KindInfo>& all_kinds();

/// Null when unknown.
[[nodiscard]] const KindInfo* find_kind(std::string_view kind);

/// The names of all kinds, or only of those that this version has.
[[nodiscard]] std::vector<std::string_view> kind_names(bool only_in_version);

/// Says at `at` that `api_version` is not one of the kind's. Done where a head or a ref is read.
bool check_api_version(const KindInfo& kind, const YamlNode& at, std::string_view api_version,
                       Findings& findings);

}  // namespace sluice
