#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace sluice {

/// A filter as written, for people: `type = a and source starts with /b`. It takes what a Trigger's
/// `filters` hold, one dialect object, and {"attributes": {...}} for a Trigger's `filter`. Values
/// stand in it as they are.
[[nodiscard]] std::string filter_text(const nlohmann::json& filter);

}  // namespace sluice
