#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::inference {

/// Where in the inside of a JSON string we are: between two characters, or within one.
///
/// A character is valid UTF-8 (RFC 3629, table 3-7 of Unicode 15) above U+001F, or one of the
/// escapes \" \\ \b \f \n \r \t. There is no \u and no \/, so each text has one spelling; the other
/// control characters cannot be written.
enum class TextPart : std::uint8_t {
  between,
  escaped,
  last_1,  ///< This many continuation bytes follow.
  last_2,
  last_3,
  after_e0,  ///< No overlong forms.
  after_ed,  ///< No surrogates.
  after_f0,
  after_f4,  ///< Nothing above U+10FFFF.
  closed,    ///< Behind the closing quote.
  refused,
};
inline constexpr std::size_t kTextParts = 9;  ///< Those that a string can go on from.

/// How many bytes end the character.
[[nodiscard]] constexpr std::uint32_t bytes_left(TextPart part) noexcept {
  constexpr std::array<std::uint8_t, kTextParts> kLeft{0, 1, 1, 2, 3, 2, 2, 3, 3};
  return kLeft[static_cast<std::size_t>(part)];
}

/// What `byte` leads to. A character counts from its first byte on.
[[nodiscard]] constexpr TextPart next_text_part(TextPart part, std::uint8_t byte) noexcept {
  const auto within = [byte](int low, int high, TextPart next) {
    return byte >= low && byte <= high ? next : TextPart::refused;
  };
  switch (part) {
    case TextPart::between:
      if (byte == '"') return TextPart::closed;
      if (byte == '\\') return TextPart::escaped;
      if (byte < 0x20) return TextPart::refused;
      if (byte < 0x80) return TextPart::between;
      if (byte < 0xC2 || byte > 0xF4) return TextPart::refused;
      if (byte < 0xE0) return TextPart::last_1;
      if (byte == 0xE0) return TextPart::after_e0;
      if (byte == 0xED) return TextPart::after_ed;
      if (byte < 0xF0) return TextPart::last_2;
      if (byte == 0xF0) return TextPart::after_f0;
      return byte == 0xF4 ? TextPart::after_f4 : TextPart::last_3;
    case TextPart::escaped:
      return byte == '"' || byte == '\\' || byte == 'b' || byte == 'f' || byte == 'n' ||
                     byte == 'r' || byte == 't'
                 ? TextPart::between
                 : TextPart::refused;
    case TextPart::last_1:
      return within(0x80, 0xBF, TextPart::between);
    case TextPart::last_2:
      return within(0x80, 0xBF, TextPart::last_1);
    case TextPart::last_3:
      return within(0x80, 0xBF, TextPart::last_2);
    case TextPart::after_e0:
      return within(0xA0, 0xBF, TextPart::last_1);
    case TextPart::after_ed:
      return within(0x80, 0x9F, TextPart::last_1);
    case TextPart::after_f0:
      return within(0x90, 0xBF, TextPart::last_2);
    case TextPart::after_f4:
      return within(0x80, 0x8F, TextPart::last_2);
    default:
      return TextPart::refused;
  }
}

}  // namespace sluice::inference
