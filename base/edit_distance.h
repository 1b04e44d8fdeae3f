#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace sluice {

/// Damerau-Levenshtein distance (adjacent letters may swap once), without regard to case.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `name` is probably a slip of; nullopt when none is near. A different case
/// alone is nearest of all.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view name,
                                                      std::span<const std::string_view> candidates);

}  // namespace sluice
