// EventDisplay (sluice.dev/v1alpha1): prints events to standard output.

#include "manifest/build.h"
#include "sinks/event_display_spec.h"

namespace sluice {

enum class DisplayFormat { text, json };

template <>
std::span<const std::string_view> words_of<DisplayFormat>() {
  static constexpr std::string_view kWords[] = {"text", "json"};
  return kWords;
}

namespace {

struct EventDisplayFields {
  Value<DisplayFormat> format;
  Value<std::string> action;
};

void build_event_display(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<EventDisplayFields>(resource);
  SinkSpec spec;
  spec.kind = "EventDisplay";
  spec.ns = resource.ns;
  spec.name = resource.name;
  if (fields.format) {
    spec.spec["format"] = words_of<DisplayFormat>()[static_cast<std::size_t>(*fields.format)];
  }
  if (fields.action) {
    spec.spec["action"] = *fields.action;
    const auto valid = validate_event_display_spec(spec.spec);
    if (!valid) build.findings.error(*fields.action.node, valid.error().detail);
  }
  build.graph.sinks.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<EventDisplayFields>& shape_of() {
  static const Shape<EventDisplayFields> shape(
      "EventDisplay spec",
      {
          field<&EventDisplayFields::format>(
              {"format", "How events are printed; json is one line an event.", false, "text"}),
          field<&EventDisplayFields::action>(
              {"action",
               "A text that is printed behind each event as `ACTION: ...`; `{{ type }}` and "
               "`{{ data.a.b }}` in it stand for parts of the event.",
               false, "nothing"}),
      });
  return shape;
}

KindInfo event_display_kind() {
  KindInfo info;
  info.kind = "EventDisplay";
  info.api_versions = {"sluice.dev/v1alpha1"};
  info.about = "Prints the events that it gets at `/NAMESPACE/sinks/NAME` to standard output.";
  info.addressing = Addressing::local;
  info.plural = "sinks";
  info.spec = &shape_info<EventDisplayFields>;
  info.build = build_event_display;
  return info;
}

}  // namespace sluice
