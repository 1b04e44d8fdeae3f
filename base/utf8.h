#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Whether every byte is printable ASCII or a space (U+0020-U+007E).
[[nodiscard]] bool is_printable_ascii(std::string_view text) noexcept;

/// Whether `text` is UTF-8 as Unicode 15, table 3-7 has it: shortest forms, no surrogates, nothing
/// above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The character that `text` starts with: its code point and its length in bytes. Length 0 where
/// `text` is empty or does not start with valid UTF-8.
struct Utf8Char {
  char32_t code = 0;
  std::size_t size = 0;
};
[[nodiscard]] Utf8Char first_char(std::string_view text) noexcept;

/// Writes `code` (no surrogate) as UTF-8 to `target` (4 bytes of room); the number of bytes.
std::size_t put_utf8(char32_t code, char* target) noexcept;

/// What keeps a text from being the value of a CloudEvents attribute (spec 1.0.2, "String").
enum class TextFault : std::uint8_t {
  none,
  not_utf8,
  control,        ///< U+0000-U+001F or U+007F-U+009F.
  non_character,  ///< U+FDD0-U+FDEF, or the last two code points of a plane.
};

/// The first fault in `text`, and the byte where it is.
struct TextCheck {
  TextFault fault = TextFault::none;
  std::size_t position = 0;
};
[[nodiscard]] TextCheck check_text(std::string_view text) noexcept;

/// Whether Unicode calls the character White_Space.
[[nodiscard]] bool is_white_space(char32_t code) noexcept;

/// Whether there is nothing in `text` but white space (Unicode's White_Space), or nothing at all.
[[nodiscard]] bool is_blank(std::string_view text) noexcept;

/// Whether `byte` is one that continues a UTF-8 character, not the first of one.
[[nodiscard]] constexpr bool is_continuation_byte(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// At most `max_bytes` of `text` for people: with '?' for each control character and each byte that
/// is not UTF-8, and "..." behind it where it was cut.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_bytes);

/// The same in single quotes for an error's detail, at most 60 bytes.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace sluice
