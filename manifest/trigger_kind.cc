// Trigger (eventing.knative.dev/v1): which events of a Broker go to which subscriber.

#include "filter/satisfiable.h"
#include "manifest/annotations.h"
#include "manifest/build.h"
#include "manifest/filter_check.h"

namespace sluice {
namespace {

struct FilterFields {
  Value<AnyYaml> attributes;
};

struct TriggerFields {
  Value<std::string> broker;
  Value<FilterFields> filter;
  Value<AnyYaml> filters;
  Value<DestinationFields> subscriber;
  Value<DeliveryFields> delivery;
};

// Both are checked, whichever of them is used. Where the one stands that is; null: there is none.
const YamlNode* read_filter(const TriggerFields& fields, DispatchSpec& spec, Findings& findings) {
  const YamlNode* attributes = fields.filter ? fields.filter->attributes.node : nullptr;
  if (attributes != nullptr) {
    spec.filter = check_attributes_filter(*attributes, findings);
    if (spec.filter) spec.filter_json = {{"attributes", strings_json(*attributes)}};
  }
  if (!fields.filters) return attributes;
  FilterPtr filters = check_filters(*fields.filters.node, findings);
  if (!filters) return attributes;
  if (spec.filter) {
    findings.warning(*attributes, "'filter' is not used, because 'filters' is there",
                     "move its attributes into 'filters' as exact, or leave it out");
  }
  spec.filter = std::move(filters);
  spec.filter_json = strings_json(*fields.filters.node);
  return fields.filters.node;
}

// Whether it was plain that no event passes.
bool warn_if_it_never_matches(const DispatchSpec& spec, const YamlNode* at, Findings& findings) {
  const auto reason = spec.filter ? why_never(spec.filter_json) : std::nullopt;
  if (!reason) return false;
  findings.warning(*at, "Trigger '" + spec.ns + "/" + spec.name + "' can never match: " + *reason,
                   "its subscriber gets nothing; loosen the filter, or take the Trigger away");
  return true;
}

// Its subscriber gets the event itself, and its Broker what that answers.
void add_routes(const std::string& broker, const DispatchSpec& spec, const YamlNode& at,
                Build& build) {
  RouteTerms terms{.parts = {{"Trigger", spec.ns, spec.name}},
                   .filter = spec.filter,
                   .named = attributes_named(spec.filter_json)};
  build.route(broker, spec.subscriber, at, terms);
  terms.asked = Asked{spec.subscriber.address, spec.plain_reply};
  // Who answers at a URL mostly does so with events that the filters leave out, or not at all.
  terms.only_known = true;
  build.route(broker, spec.reply, at, std::move(terms));
}

Build::Owner* find_broker(const Value<std::string>& name, const Resource& resource, Build& build) {
  if (!name) return nullptr;
  const auto owner = build.owners.find(ingress_path(resource.ns, "", *name));
  if (owner != build.owners.end()) {
    build.referenced.insert(owner->second.resource);
    return &owner->second;
  }
  // The broker is named like a ref, and is reported like one.
  Value<RefFields> ref;
  ref.value.api_version = {"eventing.knative.dev/v1", name.node};
  ref.value.kind = {"Broker", name.node};
  ref.value.name = name;
  ref.node = name.node;
  if (name->empty()) {
    build.findings.error(*name.node, "'broker' is empty", "write the name of a Broker");
  } else {
    (void)find_ref(ref, "'broker'", {"Broker"}, resource, build);
  }
  return nullptr;
}

void build_trigger(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<TriggerFields>(resource);
  DispatchSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  spec.plain_reply = PlainReply::fail;
  const YamlNode* filter_at = read_filter(fields, spec, build.findings);
  const bool never = warn_if_it_never_matches(spec, filter_at, build.findings);
  read_dispatch_annotations(resource, spec, build.findings);
  Build::Owner* broker = find_broker(fields.broker, resource, build);
  const auto subscriber = resolve(fields.subscriber, resource, build);
  if (subscriber) spec.subscriber = *subscriber;
  spec.delivery = read_delivery(
      fields.delivery, broker == nullptr ? DeliveryPolicy() : broker->delivery, resource, build);
  warn_if_dead_letters_return(spec.delivery, subscriber, fields.delivery, build);
  if (broker == nullptr) return;
  const std::string path = path_of(*broker->resource);
  spec.reply = Destination{path};
  if (!never) add_routes(path, spec, *resource.at, build);
  build.graph.brokers[broker->index].triggers.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<FilterFields>& shape_of() {
  static const Shape<FilterFields> shape(
      "filter", {
                    field<&FilterFields::attributes>(
                        {"attributes",
                         "What context attributes must be, exactly; \"\" means present and not "
                         "empty."}),
                });
  return shape;
}

template <>
const Shape<TriggerFields>& shape_of() {
  static const Shape<TriggerFields> shape(
      "Trigger spec",
      {
          field<&TriggerFields::broker>(
              {"broker", "The name of the Broker, in the Trigger's namespace.", true}),
          field<&TriggerFields::filter>({"filter",
                                         "Which events pass; not used where `filters` is not "
                                         "empty.",
                                         false, "all events"}),
          field<&TriggerFields::filters>({"filters",
                                          "A list of filters that must all pass; see "
                                          "[filters](#filters).",
                                          false, "all events"}),
          field<&TriggerFields::subscriber>(
              {"subscriber", "Where matching events go; what it replies enters the Broker.", true}),
          field<&TriggerFields::delivery>({"delivery",
                                           "Replaces the Broker's; a missing deadLetterSink is the "
                                           "Broker's.",
                                           false, "that of the Broker"}),
      });
  return shape;
}

KindInfo trigger_kind() {
  KindInfo info;
  info.kind = "Trigger";
  info.api_versions = {"eventing.knative.dev/v1"};
  info.about = "Which events of a Broker go to which subscriber.";
  info.spec = &shape_info<TriggerFields>;
  info.build = build_trigger;
  return info;
}

}  // namespace sluice
