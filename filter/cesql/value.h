#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

/// The primitive types of the CloudEvents expression language (CESQL 1.0, section 3.1).
enum class CesqlType : std::uint8_t {
  boolean,
  integer,  ///< 32 bits, signed.
  string,   ///< UTF-8.
  any,      ///< Of an expression only: what type an attribute has is known when it is read.
};

/// "Boolean", "Integer", "String", as the specification writes them.
[[nodiscard]] std::string_view to_string(CesqlType type) noexcept;

/// A value of one of the three types; `type` is never `any`. A string is a view: into the
/// expression, the event, or the arena of the evaluation.
struct CesqlValue {
  CesqlType type = CesqlType::boolean;
  std::int32_t number = 0;  ///< An integer, or 0 and 1 for a boolean.
  std::string_view text;

  [[nodiscard]] static CesqlValue of(bool value) noexcept {
    return {CesqlType::boolean, value ? 1 : 0, {}};
  }
  [[nodiscard]] static CesqlValue of(std::int32_t value) noexcept {
    return {CesqlType::integer, value, {}};
  }
  [[nodiscard]] static CesqlValue of(std::string_view value) noexcept {
    return {CesqlType::string, 0, value};
  }
  /// false, 0 or ""; `any` counts as boolean (section 3.2).
  [[nodiscard]] static CesqlValue zero(CesqlType type) noexcept {
    return {type == CesqlType::any ? CesqlType::boolean : type, 0, {}};
  }

  [[nodiscard]] bool boolean() const noexcept { return number != 0; }

  /// Of the same type and equal.
  friend bool operator==(const CesqlValue&, const CesqlValue&) noexcept = default;
};

// Casts of strings (section 3.7); nullopt where the text is no such value.

/// An optional sign and decimal digits, within 32 bits.
[[nodiscard]] std::optional<std::int32_t> cesql_integer(std::string_view text) noexcept;

/// "true" or "false", in any case.
[[nodiscard]] std::optional<bool> cesql_boolean(std::string_view text) noexcept;

}  // namespace sluice
