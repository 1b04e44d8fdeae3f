#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// Where in a value a clause wants its own.
enum class Place {
  whole,  ///< Nothing else: `exact`.
  start,  ///< `prefix`.
  end,    ///< `suffix`.
};

/// Whether `value` has `wanted` there.
[[nodiscard]] bool holds(Place place, std::string_view value, std::string_view wanted) noexcept;

/// Whether a value is long enough that finding it elsewhere is no accident.
[[nodiscard]] bool is_telling(std::string_view value) noexcept;

/// How `seen`, where `wanted` does not hold, just misses it: "differs only in case", "1 edit away:
/// 'ma' for 'am' at character 7". Empty where nothing is near. `wanted` is not empty. However long
/// the values are, what is compared edit by edit are 128 characters.
[[nodiscard]] std::string value_miss(Place place, std::string_view wanted, std::string_view seen);

}  // namespace sluice
