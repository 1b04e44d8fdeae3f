#pragma once

#include "base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace sluice {

/// Checks a PingSource's own fields: schedule, timezone, contentType, data, dataBase64. Fields of
/// other names are not looked at.
/// Errors: invalid_argument; the detail starts with the name of the field, e.g.
/// "schedule: expected 5 to 6 fields, found 1: [2]".
[[nodiscard]] Result<void> validate_ping_spec(const nlohmann::json& spec);

/// What is legal in a PingSource that validate_ping_spec() accepts, and surely not meant; each line
/// starts with the name of the field.
[[nodiscard]] std::vector<std::string> ping_warnings(const nlohmann::json& spec);

}  // namespace sluice
