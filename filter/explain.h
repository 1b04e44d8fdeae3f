#pragma once

#include "filter/filter.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a clause wants of one attribute, and whether the event has it.
struct Wanted {
  std::string_view attribute;
  std::string_view verb;   ///< "=", "starts with", "ends with".
  std::string_view value;  ///< Empty: only that it is present and not empty.
  bool is_met;
};

/// The explanation of a leaf that looks at one attribute, with the nearest miss as its hint.
[[nodiscard]] Explanation explained(const Event& event, const Wanted& wanted);

/// A clause that passes when all of `parts` do.
[[nodiscard]] Explanation explained_all(std::string_view clause, std::vector<Explanation> parts);

/// Most of a value that an explanation keeps.
inline constexpr std::size_t kMaxSeenBytes = 1024;

/// `value` for Explanation::seen: its first kMaxSeenBytes, and "..." where there is more.
[[nodiscard]] std::string seen_text(std::string_view value);

/// How `event` just misses what is `wanted`: a slip in the value (filter/value_miss.h); another
/// attribute that has it, or whose name is like that of one which is absent; a member of the data
/// of that name. Empty where nothing is near.
[[nodiscard]] std::string nearest_miss(const Event& event, const Wanted& wanted);

}  // namespace sluice
