#pragma once

#include "manifest/field_info.h"
#include "manifest/kind.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice {

/// One declared resource: its head is read, its spec is not yet.
struct Resource {
  const KindInfo* kind = nullptr;
  std::string api_version;
  std::string ns = "default";
  std::string name;
  StringMap labels;
  StringMap annotations;
  const YamlNode* root = nullptr;
  const YamlNode* at = nullptr;        ///< Where warnings of the whole resource stand: its name.
  const YamlNode* spec_key = nullptr;  ///< Null: there is no spec.
  const YamlNode* spec = nullptr;
  const YamlNode* owners = nullptr;  ///< Its ownerReferences; null: there are none.

  /// "Trigger 'default/big'".
  [[nodiscard]] std::string title() const;
};

/// Reads the head of the resource at `root`, or of each item of a Kubernetes List, expands its
/// variables, and appends it to `out`. Unknown kinds and API versions, bad names, reserved
/// namespaces and unknown top-level fields go to `findings`.
void read_resources(YamlNode& root, Findings& findings, std::vector<Resource>& out);

/// Finds declared resources by kind and name.
class ResourceIndex {
 public:
  /// Resources without a name are left out; those declared twice, or with the address of another,
  /// go to `findings`. `resources` must stay where it is.
  ResourceIndex(const std::vector<Resource>& resources, Findings& findings);

  /// Null when not declared. Where a kind has several API versions, the one of `api_version` comes
  /// first.
  [[nodiscard]] const Resource* find(std::string_view kind, std::string_view ns,
                                     std::string_view name,
                                     std::string_view api_version = {}) const;

  /// The names of all resources of `kind` in `ns`.
  [[nodiscard]] std::vector<std::string_view> names(std::string_view kind,
                                                    std::string_view ns) const;
  /// The namespaces in which there is a `kind` of that name.
  [[nodiscard]] std::vector<std::string_view> namespaces(std::string_view kind,
                                                         std::string_view name) const;

 private:
  const std::vector<Resource>& resources_;
  std::unordered_multimap<std::string, const Resource*> by_name_;
};

}  // namespace sluice
