#include "manifest/build.h"

#include "manifest/annotations.h"
#include "manifest/log_routes.h"
#include "manifest/loops.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

ResourceEntry entry_of(const Resource& resource) {
  ResourceEntry entry;
  const auto& versions = resource.kind->api_versions;
  const auto version = std::ranges::find(versions, resource.api_version);
  if (version != versions.end()) entry.api_version = *version;  // Else that was an error.
  entry.kind = resource.kind->kind;
  entry.ns = resource.ns;
  entry.name = resource.name;
  if (resource.kind->addressing == Addressing::local) entry.path = path_of(resource);
  if (resource.kind->addressing == Addressing::url) {
    const auto url = resource.annotations.find("sluice.dev/url");
    if (url != resource.annotations.end()) entry.url = *url->second;
  }
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
    } else if (const ChannelResourceSpec& channel = build.graph.channels[owner.index];
               channel.subscriptions.empty() && channel.channel.kind != "KafkaChannel") {
      // Whoever comes later can read a topic.
      build.findings.warning(
          *owner.resource->at,
          owner.resource->title() + " has no Subscriptions: its events go nowhere");
    }
  }
}

/// What flows and Brokers are made of has names of its own (Knative's): who else has one of them
/// would share its address and its metrics.
void check_made_names(const std::vector<Resource>& resources, Build& build) {
  std::unordered_map<std::string, std::string> made;  // "ns/name" to whose it is.
  const auto make = [&made](const auto& spec, const std::string& name, const char* kind) {
    made.emplace(spec.ns + "/" + name, std::string(kind) + " '" + spec.ns + "/" + spec.name + "'");
  };
  for (const BrokerSpec& broker : build.graph.brokers) {
    make(broker, broker.name + "-kne-trigger", "Broker");
  }
  for (const SequenceSpec& sequence : build.graph.sequences) {
    for (const DispatchSpec& step : sequence.steps) make(sequence, step.name, "Sequence");
  }
  for (const ParallelSpec& parallel : build.graph.parallels) {
    make(parallel, parallel.name + "-kn-parallel", "Parallel");
    for (const ParallelSpec::Branch& branch : parallel.branches) {
      make(parallel, branch.subscriber.name, "Parallel");
      if (branch.filter) make(parallel, branch.filter->name, "Parallel");
    }
  }
  for (const Resource& resource : resources) {
    const auto taken = made.find(resource.ns + "/" + resource.name);
    if (taken == made.end()) continue;
    const bool is_channel = resource.kind->is_channel() || resource.kind->kind == "Channel";
    if (!is_channel && resource.kind->kind != "Subscription") continue;
    build.findings.error(*resource.at,
                         resource.title() + " has the name of a part of " + taken->second,
                         "rename it");
  }
}

}  // namespace

SpecPlace place_of(const Resource& resource) {
  return {resource.spec, resource.spec_key, resource.at, resource.root, resource.kind->kind};
}

void Build::report_missing_spec(const SpecPlace& place, const ShapeInfo& shape) {
  std::vector<std::string_view> wanted;
  for (const FieldInfo& field : shape.fields) {
    if (field.required) wanted.push_back(field.key);
  }
  if (wanted.empty()) return;
  findings.error(*place.above, "missing field 'spec' in " + std::string(place.in),
                 "it wants " + joined(wanted, " and "));
}

void Build::route(const std::string& from, const std::optional<Destination>& to, const YamlNode& at,
                  RouteTerms terms) {
  if (!to || !to->is_local()) return;
  const auto owner = owners.find(to->address);
  const bool broker = owner != owners.end() && owner->second.resource->kind->plural.empty();
  routes.push_back({from, to->address, &at, broker, std::move(terms)});
}

void build_graph(const std::vector<Resource>& resources, Build& build) {
  std::unordered_map<const KindInfo*, std::vector<const Resource*>> by_kind;
  for (const Resource& resource : resources) by_kind[resource.kind].push_back(&resource);
  for (const KindInfo& kind : all_kinds()) {
    if (kind.build == nullptr) continue;
    for (const Resource* resource : by_kind[&kind]) kind.build(*resource, build);
  }
  build.graph.resources.reserve(resources.size());
  for (const Resource& resource : resources) {
    check_annotations(resource, build.findings);
    if (resource.kind->kind != "Namespace") build.graph.resources.push_back(entry_of(resource));
  }
  check_made_names(resources, build);
  // Of what is broken only the errors are of interest.
  if (build.findings.errors() > 0) return;
  warn_of_unused(resources, build);
  warn_of_shared_groups(build);
  add_log_routes(build);
  warn_of_loops(build);
}

std::string ingress_path(std::string_view ns, std::string_view plural, std::string_view name) {
  std::string path = "/" + std::string(ns) + "/";
  if (!plural.empty()) path += std::string(plural) + "/";
  return path += name;
}

}  // namespace sluice
