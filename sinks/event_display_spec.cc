#include "sinks/event_display_spec.h"

#include "sinks/event_display_settings.h"

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

Result<EventFormat> read_format(const nlohmann::json& spec) {
  const auto found = spec.find("format");
  if (found == spec.end() || *found == "text") return EventFormat::text;
  if (*found == "json") return EventFormat::json;
  return fail(Errc::invalid_argument, "format: want text or json, not " + found->dump());
}

Result<std::optional<EventTemplate>> read_action(const nlohmann::json& spec) {
  const auto found = spec.find("action");
  if (found == spec.end()) return std::optional<EventTemplate>();
  if (!found->is_string()) return fail(Errc::invalid_argument, "action: want a string");
  auto action = EventTemplate::parse(found->get_ref<const std::string&>());
  if (!action) return fail(Errc::invalid_argument, "action: " + action.error().detail);
  return std::optional<EventTemplate>(std::move(action.value()));
}

}  // namespace

Result<EventDisplaySettings> read_event_display_settings(const nlohmann::json& spec) {
  EventDisplaySettings settings;
  SLUICE_TRY(settings.format, read_format(spec));
  SLUICE_TRY(settings.action, read_action(spec));
  return settings;
}

Result<void> validate_event_display_spec(const nlohmann::json& spec) {
  SLUICE_TRY(read_event_display_settings(spec));
  return boost::outcome_v2::success();
}

}  // namespace sluice
