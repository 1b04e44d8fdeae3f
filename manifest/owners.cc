// ownerReferences, as Kubernetes writes them: `kubectl get -A` prints the parts of a resource
// beside the resource itself.

#include "manifest/owners.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

namespace sluice {
namespace {

std::string_view text_at(const YamlNode& node, std::string_view key) {
  const auto* entry = node.find(key);
  return entry == nullptr ? std::string_view() : std::string_view(entry->value->text);
}

bool is_knative(std::string_view api_version) {
  return api_version.substr(0, api_version.find('/')).ends_with(".knative.dev");
}

// The reference to who made `resource`, where Sluice makes what that one needs; null where nobody
// did. A Secret or ConfigMap is read whoever made it.
const YamlNode* maker_of(const Resource& resource) {
  const bool list = resource.owners != nullptr && resource.owners->kind == YamlNode::Kind::sequence;
  if (!list || !is_knative(resource.api_version)) return nullptr;
  for (const YamlNode* owner : resource.owners->items) {
    const bool known = owner->kind == YamlNode::Kind::mapping &&
                       is_knative(text_at(*owner, "apiVersion")) &&
                       find_kind(text_at(*owner, "kind")) != nullptr;
    if (known) return owner;
  }
  return nullptr;
}

}  // namespace

void leave_out_made(std::vector<Resource>& resources, Findings& findings) {
  if (std::ranges::none_of(resources, maker_of)) return;
  using Id = std::tuple<std::string_view, std::string_view, std::string_view>;
  std::set<Id> read;  // Thousands may have been made.
  for (const Resource& other : resources) read.emplace(other.kind->kind, other.ns, other.name);
  for (const Resource& resource : resources) {
    const YamlNode* maker = maker_of(resource);
    if (maker == nullptr) continue;
    const std::string_view kind = text_at(*maker, "kind");
    const std::string_view name = text_at(*maker, "name");
    if (read.contains(Id(kind, resource.ns, name))) continue;
    const std::string title =
        std::string(kind) + " " + in_quotes(resource.ns + "/" + std::string(name));
    findings.warning(
        *resource.at,
        resource.title() + " is left out: " + title + " made it, which is not in these manifests",
        "read its owner as well; without one, remove its ownerReferences");
  }
  std::erase_if(resources, [](const Resource& resource) { return maker_of(resource) != nullptr; });
}

}  // namespace sluice
