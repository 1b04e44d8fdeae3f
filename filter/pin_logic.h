#pragma once

#include "filter/filter.h"

#include <optional>
#include <string>

namespace sluice {

// What two conditions on attributes have to do with one another.

/// Whether an event may meet both; always where they look at different attributes.
[[nodiscard]] bool are_compatible(const Pin& a, const Pin& b) noexcept;

/// Whether every event that meets `a` meets `b`.
[[nodiscard]] bool implies(const Pin& a, const Pin& b) noexcept;

/// Why no valid event meets `pin`, for people: a `specversion` that there is not, a `time` that is
/// none, a blank `type`; nullopt where one may.
[[nodiscard]] std::optional<std::string> why_impossible(const Pin& pin);

/// For people: `type starting with 'a.'`.
[[nodiscard]] std::string to_text(const Pin& pin);

/// `type = 'a'`, or `(type = 'a' or type = 'b')`, where of many the first ones stand for all.
[[nodiscard]] std::string to_text(const PinSet& set);

}  // namespace sluice
