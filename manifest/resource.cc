#include "manifest/resource.h"

#include "manifest/common_fields.h"

#include <algorithm>
#include <set>

namespace sluice {
namespace {

constexpr std::size_t kMaxName = 253;      // RFC 1123 subdomain, as Kubernetes has it.
constexpr std::size_t kMaxNamespace = 63;  // RFC 1123 label.
constexpr std::string_view kReserved[] = {"v1", "v2", "openai"};

bool is_alphanumeric(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Labels of [a-z0-9-] that begin and end with a letter or digit, joined by dots where `dots`.
bool is_dns_name(std::string_view name, std::size_t max, bool dots) noexcept {
  if (name.empty() || name.size() > max) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_alphanumeric(name[i])) continue;
    if (name[i] != '-' && !(dots && name[i] == '.')) return false;
    const bool inside = i > 0 && i + 1 < name.size();
    if (!inside) return false;
    if (name[i] == '.' && (!is_alphanumeric(name[i - 1]) || !is_alphanumeric(name[i + 1]))) {
      return false;
    }
  }
  return true;
}

// The kind that `node` names. Where the name is a slip the kind that was probably meant, so that
// the rest is checked as well; null where nothing can be said about the rest.
const KindInfo* read_kind(const YamlNode& node, Findings& findings) {
  if (node.kind != YamlNode::Kind::scalar) {
    findings.error(node, "'kind' wants a string");
    return nullptr;
  }
  const KindInfo* known = find_kind(node.text);
  if (known != nullptr) {
    check_backend(*known, node, findings);
    return known;
  }
  const auto names = kind_names();
  const std::string here = "this version has: " + joined(names);
  const std::string guess = did_you_mean(node.text, names);
  findings.error(node, "unknown kind " + in_quotes(node.text), guess.empty() ? here : guess);
  for (const KindInfo& kind : all_kinds()) {
    if (guess == "did you mean '" + std::string(kind.kind) + "'?") return &kind;
  }
  return nullptr;
}

void check_names(const MetadataFields& metadata, Findings& findings) {
  if (metadata.name && !is_dns_name(*metadata.name, kMaxName, true)) {
    findings.error(*metadata.name.node, in_quotes(*metadata.name) + " cannot be a resource's name",
                   "use lower-case letters, digits, '-' and '.', beginning and ending with a "
                   "letter or digit, at most 253");
  }
  if (!metadata.ns) return;
  const std::string& ns = *metadata.ns;
  if (!is_dns_name(ns, kMaxNamespace, false)) {
    findings.error(*metadata.ns.node, in_quotes(ns) + " cannot be a namespace",
                   "use lower-case letters, digits and '-', beginning and ending with a letter or "
                   "digit, at most 63");
  } else if (std::ranges::find(kReserved, ns) != std::end(kReserved)) {
    findings.error(*metadata.ns.node, "the namespace '" + ns + "' is reserved",
                   "/" + ns + "/... is where the model APIs are; choose another name");
  }
}

void check_top_level(const YamlNode& root, const KindInfo& kind, Findings& findings) {
  std::vector<std::string_view> known = {"apiVersion", "kind", "metadata"};
  known.insert(known.end(), kind.body.begin(), kind.body.end());
  for (const auto& entry : root.entries) {
    if (std::ranges::find(known, entry.key->text) != known.end()) continue;
    std::string hint = "known fields: " + joined(known);
    if (kind.spec != nullptr) {
      for (const FieldInfo& field : kind.spec().fields) {
        if (field.key == entry.key->text) {
          hint = "'" + entry.key->text + "' belongs under 'spec'";
        }
      }
    }
    const bool misplaced = hint.starts_with("'");
    findings.error(*entry.key,
                   "unknown field " + in_quotes(entry.key->text) + " in " + std::string(kind.kind),
                   misplaced ? hint : did_you_mean(entry.key->text, known, hint));
  }
}

YamlNode* value_of(const YamlNode& root, std::string_view key) {
  const auto* entry = root.find(key);
  return entry == nullptr || entry->value->is_null() ? nullptr : entry->value;
}

void require(const YamlNode& root, std::string_view key, std::string_view hint,
             Findings& findings) {
  const auto* entry = root.find(key);
  const std::string name = "'" + std::string(key) + "'";
  if (entry == nullptr) {
    findings.error(root, "missing field " + name, std::string(hint));
  } else if (entry->value->is_null()) {
    findings.error(*entry->key, name + " has no value", std::string(hint));
  }
}

void expand(YamlNode* node, Findings& findings) {
  if (node != nullptr) expand_variables(*node, findings);
}

void leave_alone(const YamlNode* map, const auto& is_ours) {
  if (map == nullptr) return;
  for (const auto& entry : map->entries) {
    if (!is_ours(std::string_view(entry.key->text))) entry.value->visited = true;
  }
}

// What nobody reads of the ConfigMaps of a cluster, and kubectl's copy of a resource, may have a
// ${...} that is not ours.
void leave_foreign_alone(const YamlNode& root, std::string_view kind) {
  const YamlNode* metadata = value_of(root, "metadata");
  if (metadata == nullptr) return;
  leave_alone(value_of(*metadata, "annotations"),
              [](std::string_view key) { return !key.starts_with("kubectl.kubernetes.io/"); });
  const YamlNode* name = value_of(*metadata, "name");
  if (kind != "ConfigMap" || (name != nullptr && name->text == "kafka-channel-config")) return;
  leave_alone(value_of(root, "data"),
              [](std::string_view key) { return key == "channel-template-spec"; });
}

void read_metadata(const YamlNode& root, Resource& resource, Findings& findings) {
  const auto* entry = root.find("metadata");
  if (entry == nullptr || entry->value->is_null()) return;
  MetadataFields metadata;
  read_fields(*entry->value, *entry->key, findings, metadata);
  check_names(metadata, findings);
  resource.name = *metadata.name;
  if (metadata.name) resource.at = metadata.name.node;
  if (metadata.ns) resource.ns = *metadata.ns;
  resource.labels = *metadata.labels;
  resource.annotations = *metadata.annotations;
  resource.owners = metadata.owners.node;
}

void read_resource(YamlNode& root, Findings& findings, std::vector<Resource>& out) {
  require(root, "apiVersion", "e.g. apiVersion: eventing.knative.dev/v1", findings);
  require(root, "kind", "e.g. kind: Broker", findings);
  require(root, "metadata", "e.g. metadata: {name: orders}", findings);
  const YamlNode* written_kind = value_of(root, "kind");
  leave_foreign_alone(root, written_kind == nullptr ? "" : written_kind->text);
  for (const std::string_view key : {"apiVersion", "kind", "metadata"}) {
    expand(value_of(root, key), findings);
  }
  Resource resource;
  resource.root = &root;
  resource.at = &root;
  const YamlNode* kind_node = value_of(root, "kind");
  if (kind_node == nullptr) return;
  resource.kind = read_kind(*kind_node, findings);
  if (resource.kind == nullptr) return;
  const KindInfo& kind = *resource.kind;
  if (const YamlNode* version = value_of(root, "apiVersion")) {
    resource.api_version = version->text;
    check_api_version(kind, *version, version->text, findings);
  }
  read_metadata(root, resource, findings);
  check_top_level(root, kind, findings);
  for (const auto& entry : root.entries) {
    const bool ignored =
        entry.key->text == "status" || (entry.key->text == "spec" && kind.spec == nullptr);
    if (!ignored) expand_variables(*entry.value, findings);
  }
  if (const auto* spec = root.find("spec"); spec != nullptr && !spec->value->is_null()) {
    resource.spec_key = spec->key;
    resource.spec = spec->value;
  }
  out.push_back(std::move(resource));
}

}  // namespace

std::string Resource::title() const {
  return std::string(kind->kind) + " '" + ns + "/" + name + "'";
}

void read_resources(YamlNode& root, Findings& findings, std::vector<Resource>& out) {
  if (root.kind != YamlNode::Kind::mapping) {
    findings.error(root, "a resource is a mapping with apiVersion, kind and metadata");
    return;
  }
  const YamlNode* kind = value_of(root, "kind");
  YamlNode* items = value_of(root, "items");
  if (kind == nullptr || kind->text != "List" || items == nullptr) {
    read_resource(root, findings, out);
    return;
  }
  if (items->kind != YamlNode::Kind::sequence) {
    findings.error(*items, "'items' wants a list");
    return;
  }
  for (YamlNode* item : items->items) {
    if (item->kind == YamlNode::Kind::mapping) {
      read_resource(*item, findings, out);
    } else {
      findings.error(*item, "a resource is a mapping with apiVersion, kind and metadata");
    }
  }
}

namespace {

std::string key_of(std::string_view kind, std::string_view ns, std::string_view name) {
  return std::string(kind) + '/' + std::string(ns) + '/' + std::string(name);
}

std::string where(const Resource& resource) {
  const SourceText& source = *resource.at->source;
  return source.name() + ":" + std::to_string(source.place(resource.at->offset).line);
}

}  // namespace

ResourceIndex::ResourceIndex(const std::vector<Resource>& resources, Findings& findings)
    : resources_(resources) {
  std::unordered_map<std::string, const Resource*> addresses;
  for (const Resource& resource : resources) {
    if (resource.name.empty()) continue;
    const std::string key = key_of(resource.kind->kind, resource.ns, resource.name);
    const auto [first, last] = by_name_.equal_range(key);
    const auto twin = std::find_if(first, last, [&](const auto& entry) {
      return entry.second->api_version == resource.api_version;
    });
    if (twin != last) {
      findings.error(*resource.at,
                     "duplicate resource: " + resource.title() + " is declared already",
                     "the first one is at " + where(*twin->second));
      continue;
    }
    by_name_.emplace(key, &resource);
    if (resource.kind->addressing != Addressing::local) continue;
    const auto [taken, fresh] =
        addresses.emplace(key_of(resource.kind->plural, resource.ns, resource.name), &resource);
    if (!fresh && taken->second->kind != resource.kind) {
      findings.error(*resource.at,
                     resource.title() + " has the address of " + taken->second->title(),
                     "rename one of them; the other is at " + where(*taken->second));
    }
  }
}

const Resource* ResourceIndex::find(std::string_view kind, std::string_view ns,
                                    std::string_view name, std::string_view api_version) const {
  const auto [first, last] = by_name_.equal_range(key_of(kind, ns, name));
  if (first == last) return nullptr;
  const auto exact = std::find_if(
      first, last, [&](const auto& entry) { return entry.second->api_version == api_version; });
  return exact == last ? first->second : exact->second;
}

std::vector<std::string_view> ResourceIndex::names(std::string_view kind,
                                                   std::string_view ns) const {
  std::vector<std::string_view> out;
  for (const Resource& resource : resources_) {
    if (resource.kind->kind == kind && resource.ns == ns) out.push_back(resource.name);
  }
  return out;
}

std::vector<std::string_view> ResourceIndex::namespaces(std::string_view kind,
                                                        std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Resource& resource : resources_) {
    if (resource.kind->kind == kind && resource.name == name) out.push_back(resource.ns);
  }
  return out;
}

}  // namespace sluice
