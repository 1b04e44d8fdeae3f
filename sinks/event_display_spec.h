#pragma once

#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

namespace sluice {

/// Checks an EventDisplay's own fields: format, action. Fields of other names are not looked at.
/// Errors: invalid_argument; the detail starts with the name of the field.
[[nodiscard]] Result<void> validate_event_display_spec(const nlohmann::json& spec);

}  // namespace sluice
