#include "base/utf8.h"

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

/// Whether all eight bytes are printable ASCII.
bool is_printable_word(const char* bytes) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  const std::uint64_t below_space = (word | kHigh) - kOnes * 0x20;  // High bit lost: below 0x20.
  const std::uint64_t is_delete = (word & ~kHigh) + kOnes;          // High bit set: 0x7f.
  return ((word | ~below_space | is_delete) & kHigh) == 0;
}

bool is_printable(char c) noexcept { return c >= 0x20 && c <= 0x7e; }

/// Bytes of `text` from the start that are printable ASCII.
std::size_t printable_ascii_prefix(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i + 8 <= text.size() && is_printable_word(text.data() + i)) i += 8;
  while (i < text.size() && is_printable(text[i])) ++i;
  return i;
}

bool is_non_character(char32_t code) noexcept {
  return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

}  // namespace

bool is_printable_ascii(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  if (text.size() < 8) return std::all_of(text.data(), end, is_printable);
  for (const char* p = text.data(); end - p > 8; p += 8) {
    if (!is_printable_word(p)) return false;
  }
  return is_printable_word(end - 8);  // Some bytes again, rather than the last ones singly.
}

Utf8Char first_char(std::string_view text) noexcept {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  char32_t code = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation_byte(text[i])) return {};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, size};
}

std::size_t put_utf8(char32_t code, char* target) noexcept {
  if (code < 0x80) {
    target[0] = static_cast<char>(code);
    return 1;
  }
  const std::size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (std::size_t i = size; --i > 0; code >>= 6)
    target[i] = static_cast<char>(0x80 | (code & 0x3f));
  target[0] = static_cast<char>((0xf00U >> size & 0xf0U) | code);
  return size;
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = printable_ascii_prefix(text); i < text.size();) {
    const Utf8Char c = first_char(text.substr(i));
    if (c.size == 0) return false;
    i += c.size;
    if (c.size == 1) i += printable_ascii_prefix(text.substr(i));
  }
  return true;
}

TextCheck check_text(std::string_view text) noexcept {
  for (std::size_t i = printable_ascii_prefix(text); i < text.size();) {
    const Utf8Char c = first_char(text.substr(i));
    if (c.size == 0) return {TextFault::not_utf8, i};
    if (c.code < 0x20 || (c.code >= 0x7f && c.code <= 0x9f)) return {TextFault::control, i};
    if (is_non_character(c.code)) return {TextFault::non_character, i};
    i += c.size;
  }
  return {};
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string out;
  std::size_t i = 0;
  while (i < text.size()) {
    const Utf8Char c = first_char(text.substr(i));
    const std::size_t size = c.size == 0 ? 1 : c.size;
    if (i + size > max_bytes) break;
    const bool shown = c.size > 0 && c.code >= 0x20 && (c.code < 0x7f || c.code > 0x9f);
    out += shown ? text.substr(i, size) : "?";
    i += size;
  }
  if (i < text.size()) out += "...";
  return out;
}

bool is_white_space(char32_t code) noexcept {
  return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
         code == 0x202f || code == 0x205f || code == 0x3000;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShownBytes = 60;
  return "'" + printable(text, kShownBytes) + "'";
}

bool is_blank(std::string_view text) noexcept {
  while (!text.empty()) {
    const Utf8Char c = first_char(text);
    if (c.size == 0 || !is_white_space(c.code)) return false;
    text.remove_prefix(c.size);
  }
  return true;
}

}  // namespace sluice
