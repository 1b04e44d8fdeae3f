#include "manifest/build.h"

#include "manifest/annotations.h"
#include "manifest/loops.h"

#include <algorithm>

namespace sluice {
namespace {

ResourceEntry entry_of(const Resource& resource) {
  ResourceEntry entry;
  entry.api_version = resource.api_version;
  entry.kind = resource.kind->kind;
  entry.ns = resource.ns;
  entry.name = resource.name;
  if (resource.kind->addressing == Addressing::local) entry.path = path_of(resource);
  if (resource.kind->addressing == Addressing::url) {
    const auto url = resource.annotations.find("sluice.dev/url");
    if (url != resource.annotations.end()) entry.url = *url->second;
  }
  for (const auto& [key, value] : resource.labels) entry.labels.emplace(key, *value);
  for (const auto& [key, value] : resource.annotations) entry.annotations.emplace(key, *value);
  return entry;
}

void warn_of_unused(const std::vector<Resource>& resources, Build& build) {
  for (const Resource& resource : resources) {
    if (resource.kind->addressing == Addressing::url && !build.referenced.contains(&resource)) {
      build.findings.warning(*resource.at, resource.title() + " is not used",
                             "no destination of these manifests refers to it");
    }
  }
  for (const auto& [path, owner] : build.owners) {
    if (owner.resource->kind->kind == "Broker") {
      if (!build.graph.brokers[owner.index].triggers.empty()) continue;
      build.findings.warning(*owner.resource->at,
                             owner.resource->title() + " has no Triggers: its events go nowhere");
    } else if (build.graph.channels[owner.index].subscriptions.empty()) {
      build.findings.warning(
          *owner.resource->at,
          owner.resource->title() + " has no Subscriptions: its events go nowhere");
    }
  }
}

}  // namespace

void Build::report_missing_spec(const Resource& resource, const ShapeInfo& shape) {
  std::vector<std::string_view> wanted;
  for (const FieldInfo& field : shape.fields) {
    if (field.required) wanted.push_back(field.key);
  }
  if (wanted.empty()) return;
  findings.error(*resource.root, "missing field 'spec' in " + std::string(resource.kind->kind),
                 "it wants " + joined(wanted, " and "));
}

void Build::route(const std::string& from, const std::optional<Destination>& to,
                  const YamlNode& at) {
  if (!to || !to->is_local()) return;
  const auto owner = owners.find(to->address);
  const bool broker = owner != owners.end() && owner->second.resource->kind->plural.empty();
  routes.push_back({from, to->address, &at, broker});
}

void build_graph(const std::vector<Resource>& resources, Build& build) {
  std::unordered_map<const KindInfo*, std::vector<const Resource*>> by_kind;
  for (const Resource& resource : resources) by_kind[resource.kind].push_back(&resource);
  for (const KindInfo& kind : all_kinds()) {
    if (kind.build == nullptr) continue;
    for (const Resource* resource : by_kind[&kind]) kind.build(*resource, build);
  }
  for (const Resource& resource : resources) {
    check_annotations(resource, build.findings);
    if (resource.kind->kind != "Namespace") build.graph.resources.push_back(entry_of(resource));
  }
  // Of what is broken only the errors are of interest.
  if (build.findings.errors() > 0) return;
  warn_of_unused(resources, build);
  warn_of_loops(build.routes, build.findings);
}

std::string ingress_path(std::string_view ns, std::string_view plural, std::string_view name) {
  std::string path = "/" + std::string(ns) + "/";
  if (!plural.empty()) path += std::string(plural) + "/";
  return path += name;
}

}  // namespace sluice
