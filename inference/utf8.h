#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::inference {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

/// What stands at the beginning of a text.
struct Utf8Character {
  enum class Kind : std::uint8_t {
    whole,   ///< One character.
    broken,  ///< A maximal subpart (Unicode 3.9): bytes that no more bytes can make a character.
    incomplete,  ///< The text ends within a character.
  };

  char32_t code = kReplacementCharacter;
  std::uint8_t bytes = 0;
  Kind kind = Kind::whole;
};

/// Reads one character of `text`, which is not empty.
[[nodiscard]] Utf8Character read_utf8(std::string_view text) noexcept;

/// Reads one character of a text known to be valid at `at` < size and moves `at` behind it.
[[nodiscard]] inline char32_t next_code(std::string_view text, std::size_t& at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const char32_t lead = byte(at++);
  if (lead < 0x80) return lead;
  char32_t code = lead < 0xE0 ? lead & 0x1F : lead < 0xF0 ? lead & 0x0F : lead & 0x07;
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  for (int i = 0; i < more; ++i) code = code << 6 | (byte(at++) & 0x3F);
  return code;
}

/// Appends a code point that is no surrogate.
void append_utf8(char32_t code, std::string& out);

[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// `text` with U+FFFD for each maximal subpart that is no character, as browsers and Rust do it.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace sluice::inference
