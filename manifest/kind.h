#pragma once

#include "manifest/field_info.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct Build;
struct ChannelParts;
struct Resource;
struct SpecPlace;

/// What a Destination's ref to a kind means.
enum class Addressing {
  none,   ///< It cannot be sent to.
  local,  ///< It has an ingress path of its own.
  url,    ///< It stands for a URL outside.
};

/// What a kind needs of the build besides Sluice itself.
enum class Backend { none, kafka, redis };

/// One kind of the contract.
struct KindInfo {
  std::string_view kind;
  std::vector<std::string_view> api_versions;
  std::string_view about;           ///< For the reference.
  Backend backend = Backend::none;  ///< A build without it refuses the kind.
  Addressing addressing = Addressing::none;
  std::string_view plural = {};          ///< In its ingress path; "" for a Broker.
  const ShapeInfo& (*spec)() = nullptr;  ///< Null: `spec` is not looked at.
  std::vector<std::string_view> body = {"spec", "status"};  ///< Top-level fields but for the head.
  void (*build)(const Resource& resource, Build& build) = nullptr;  ///< Null: nothing to build.
  /// Reads the fields of a channel, which stand in its own resource or in a channelTemplate of
  /// `owner`. Null: the kind is no channel.
  ChannelParts (*read_channel)(const SpecPlace& place, const Resource& owner,
                               Build& build) = nullptr;

  [[nodiscard]] bool is_channel() const noexcept { return read_channel != nullptr; }
};

/// Every kind, in the order of manifest/kinds.def: that in which they are built, since what comes
/// later refers to what comes before.
[[nodiscard]] const std::vector<KindInfo>& all_kinds();

/// Null when unknown.
[[nodiscard]] const KindInfo* find_kind(std::string_view kind);

[[nodiscard]] std::vector<std::string_view> kind_names();
/// The names of those that may stand in a channelTemplate.
[[nodiscard]] std::vector<std::string_view> channel_kind_names();

/// Says at `at` that `api_version` is not one of the kind's. Done where a head or a ref is read.
bool check_api_version(const KindInfo& kind, const YamlNode& at, std::string_view api_version,
                       Findings& findings);

/// What a build without `backend` says of a kind that needs it, and how to build one that has it;
/// empty texts for Backend::none.
struct LackingBackend {
  std::string text;
  std::string hint;
};
[[nodiscard]] LackingBackend lacking_backend(std::string_view kind, Backend backend);

/// Says at `at` that this build cannot have the kind, where it cannot.
void check_backend(const KindInfo& kind, const YamlNode& at, Findings& findings);

}  // namespace sluice
