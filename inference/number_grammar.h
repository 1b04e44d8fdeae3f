#pragma once

#include "inference/grammar.h"

#include <cstdint>

namespace sluice::inference {

/// Digits that a number has at most before the point when nothing bounds it: a double holds each
/// such integer.
inline constexpr int kIntegerDigits = 15;
/// Digits behind the point.
inline constexpr int kFractionDigits = 6;

/// The numbers from `low` to `high`. As texts: no leading zeros, no exponent, no "-0".
struct NumberRange {
  static constexpr std::int64_t kUnbounded = 999'999'999'999'999;
  static constexpr std::int64_t kMostOfInteger = 999'999'999'999'999'999;
  /// So that a bound and kFractionDigits digits fit into a double.
  static constexpr std::int64_t kMostOfFraction = 999'999'999;

  std::int64_t low = -kUnbounded;  ///< Not below -kMostOfInteger.
  std::int64_t high = kUnbounded;
  bool without_low = false;  ///< The bound itself does not count.
  bool without_high = false;
  bool has_fraction = false;  ///< At most kFractionDigits digits behind a point are possible.
};

/// The rule of the numbers of `range`; a dead end where there are none.
StateId add_number(GrammarBuilder& builder, NumberRange range);

}  // namespace sluice::inference
