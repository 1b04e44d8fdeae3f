#include "inference/number_grammar.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace sluice::inference {
namespace {

/// Numbers without a sign.
struct Magnitudes {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool without_low = false;
  bool without_high = false;
};

/// The digits of numbers in a range, one state for all beginnings that can go on in the same ways:
/// those with the same length that stand in the same order to the beginnings of both bounds.
class DigitsBuilder {
 public:
  DigitsBuilder(GrammarBuilder& builder, const Magnitudes& range, bool has_fraction)
      : builder_(builder), range_(range), has_fraction_(has_fraction) {}

  /// Adds edges to `from`.
  void add_to(StateId from) { add_digits(from, 0, 0); }

 private:
  static std::uint64_t power(int exponent) {
    std::uint64_t result = 1;
    for (; exponent > 0; --exponent) result *= 10;
    return result;
  }

  static int length(std::uint64_t number) {
    int digits = 1;
    for (; number >= 10; number /= 10) ++digits;
    return digits;
  }

  static int order(std::uint64_t digits, int count, std::uint64_t bound) {
    const int bound_length = length(bound);
    if (count > bound_length) return 1;
    const std::uint64_t start = bound / power(bound_length - count);
    return digits < start ? -1 : (digits > start ? 1 : 0);
  }

  [[nodiscard]] bool in_range(std::uint64_t whole) const {
    return whole >= range_.low && whole <= range_.high &&
           !(whole == range_.high && range_.without_high);
  }

  /// A whole part in the range begins with these digits.
  [[nodiscard]] bool leads_somewhere(std::uint64_t digits, int count) const {
    std::uint64_t scale = 1;
    for (; count <= length(range_.high); ++count, scale *= 10) {
      const std::uint64_t least = digits * scale;
      if (least > range_.high) return false;
      if (least + (scale - 1) >= range_.low) return true;
      if (digits == 0) return false;
    }
    return false;
  }

  void add_digits(StateId from, std::uint64_t digits, int count) {
    if (count > 0 && digits == 0) return;  // No leading zeros.
    for (std::uint64_t digit = 0; digit < 10; ++digit) {
      const std::uint64_t next = digits * 10 + digit;
      if (!leads_somewhere(next, count + 1) || builder_.is_full()) continue;
      const auto byte = static_cast<std::uint8_t>('0' + digit);
      builder_.add_edge(from, byte, byte, state_of(next, count + 1));
    }
  }

  StateId state_of(std::uint64_t digits, int count) {
    const auto key = std::tuple(count, order(digits, count, range_.low),
                                order(digits, count, range_.high), digits == 0);
    const auto known = states_.find(key);
    if (known != states_.end()) return known->second;
    const StateId state = builder_.add_state();
    states_[key] = state;
    if (in_range(digits)) {
      const bool needs_fraction = range_.without_low && digits == range_.low;
      if (!needs_fraction) builder_.set_ends(state);
      if (has_fraction_ && digits != range_.high) add_fraction(state, needs_fraction);
    }
    add_digits(state, digits, count);
    return state;
  }

  /// A point and digits; one of them must not be 0 where `needs_nonzero`.
  void add_fraction(StateId from, bool needs_nonzero) {
    if (any_.empty()) {
      any_.resize(kFractionDigits + 1);
      zeros_.resize(kFractionDigits + 1);
      for (std::size_t i = 0; i <= kFractionDigits; ++i) {
        any_[i] = i == 0 ? builder_.add_state() : builder_.add_end();
        zeros_[i] = builder_.add_state();
        if (i == 0) continue;
        builder_.add_edge(any_[i - 1], '0', '9', any_[i]);
        builder_.add_edge(zeros_[i - 1], '0', '0', zeros_[i]);
        builder_.add_edge(zeros_[i - 1], '1', '9', any_[i]);
      }
    }
    builder_.add_edge(from, '.', '.', needs_nonzero ? zeros_[0] : any_[0]);
  }

  GrammarBuilder& builder_;
  Magnitudes range_;
  bool has_fraction_;
  std::map<std::tuple<int, int, int, bool>, StateId> states_;
  std::vector<StateId> any_;    // Behind the point and i digits.
  std::vector<StateId> zeros_;  // The same, all of them 0, and another one has to come.
};

}  // namespace

StateId add_number(GrammarBuilder& builder, NumberRange range) {
  if (!range.has_fraction) {  // Then bounds that do not count have neighbours that do.
    if (range.without_low) ++range.low;
    if (range.without_high) --range.high;
    range.without_low = range.without_high = false;
  }
  const StateId start = builder.add_state();
  if (range.low > range.high) return start;
  if (range.high >= 0) {
    const bool with_low = range.low >= 0;
    const Magnitudes positive{with_low ? static_cast<std::uint64_t>(range.low) : 0,
                              static_cast<std::uint64_t>(range.high), with_low && range.without_low,
                              range.without_high};
    DigitsBuilder(builder, positive, range.has_fraction).add_to(start);
  }
  if (range.low < 0) {
    const StateId minus = builder.add_state();
    builder.add_edge(start, '-', '-', minus);
    const bool with_high = range.high < 0;  // Else 0 is the bound, and does not count: no "-0".
    const Magnitudes negative{with_high ? static_cast<std::uint64_t>(-range.high) : 0,
                              static_cast<std::uint64_t>(-range.low),
                              with_high ? range.without_high : true, range.without_low};
    DigitsBuilder(builder, negative, range.has_fraction).add_to(minus);
  }
  return start;
}

}  // namespace sluice::inference
