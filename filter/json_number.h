#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace sluice {

/// A JSON number, compared as the decimal that it is: nothing is rounded and nothing is too large.
/// 9007199254740993 is more than 9007199254740992.0, 1e400 more than 1e399, and 1.50 is 15e-1.
class JsonNumber {
 public:
  /// `text` is a number as RFC 8259 writes it and lives as long as this.
  explicit JsonNumber(std::string_view text) noexcept;

  [[nodiscard]] std::strong_ordering operator<=>(const JsonNumber& other) const noexcept;
  [[nodiscard]] bool operator==(const JsonNumber& other) const noexcept {
    return (*this <=> other) == 0;
  }

  /// Whether its first digit stands within 10^9 places of the point. Comparing is exact where one
  /// of the two is such a number.
  [[nodiscard]] bool is_of_usual_size() const noexcept;

 private:
  std::string_view digits_;  // From the first to the last that is not 0; may have a point inside.
  std::int64_t power_ = 0;   // Of ten, that of the first digit.
  bool negative_ = false;
};

}  // namespace sluice
