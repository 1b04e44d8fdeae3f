#pragma once

#include "base/result.h"
#include "sinks/event_template.h"
#include "sinks/event_text.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace sluice {

/// An EventDisplay's own fields, read.
struct EventDisplaySettings {
  EventFormat format = EventFormat::text;
  std::optional<EventTemplate> action;
};

/// Reads format and action.
/// Errors: invalid_argument; the detail starts with the name of the field.
[[nodiscard]] Result<EventDisplaySettings> read_event_display_settings(const nlohmann::json& spec);

}  // namespace sluice
