#include "filter/json_number.h"

#include <algorithm>

namespace sluice {
namespace {

// Exponents are cut here. Texts are far shorter, so that sums stay within 64 bits.
constexpr std::int64_t kMostExponent = 1'000'000'000'000'000;
constexpr std::int64_t kUsualPower = 1'000'000'000;

/// `text` stands behind the 'e'.
std::int64_t exponent_of(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char digit : text) {
    value = std::min(value * 10 + (digit - '0'), kMostExponent);
  }
  return negative ? -value : value;
}

/// The digits of `a` and `b` as fractions behind "0."; a point in them does not count.
std::strong_ordering compare_digits(std::string_view a, std::string_view b) noexcept {
  std::size_t i = 0;
  std::size_t j = 0;
  while (true) {
    if (i < a.size() && a[i] == '.') ++i;
    if (j < b.size() && b[j] == '.') ++j;
    if (i == a.size() || j == b.size()) return (a.size() - i) <=> (b.size() - j);
    if (a[i] != b[j]) return a[i] <=> b[j];
    ++i;
    ++j;
  }
}

}  // namespace

JsonNumber::JsonNumber(std::string_view text) noexcept : negative_(text.starts_with('-')) {
  if (negative_) text.remove_prefix(1);
  std::size_t mantissa = 0;
  std::size_t point = std::string_view::npos;
  for (; mantissa < text.size() && (text[mantissa] | 0x20) != 'e'; ++mantissa) {
    if (text[mantissa] == '.') point = mantissa;
  }
  const std::string_view digits = text.substr(0, mantissa);
  point = std::min(point, mantissa);
  const std::size_t first = digits.find_first_not_of("0.");
  if (first == std::string_view::npos) {
    negative_ = false;  // -0 is 0.
    return;
  }
  digits_ = digits.substr(first, digits.find_last_not_of("0.") + 1 - first);
  power_ = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (first < point) --power_;
  if (mantissa < text.size()) power_ += exponent_of(text.substr(mantissa + 1));
}

std::strong_ordering JsonNumber::operator<=>(const JsonNumber& other) const noexcept {
  if (negative_ != other.negative_) return other.negative_ <=> negative_;
  const JsonNumber& less = negative_ ? other : *this;
  const JsonNumber& more = negative_ ? *this : other;
  if (less.digits_.empty() || more.digits_.empty()) {
    return more.digits_.empty() <=> less.digits_.empty();
  }
  if (less.power_ != more.power_) return less.power_ <=> more.power_;
  return compare_digits(less.digits_, more.digits_);
}

bool JsonNumber::is_of_usual_size() const noexcept {
  return power_ >= -kUsualPower && power_ <= kUsualPower;
}

}  // namespace sluice
