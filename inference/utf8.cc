#include "inference/utf8.h"

#include <cstring>

namespace sluice::inference {
namespace {

constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

/// How many bytes at the front are ASCII; may stop up to seven short.
std::size_t ascii_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  return at;
}

}  // namespace

Utf8Character read_utf8(std::string_view text) noexcept {
  using Kind = Utf8Character::Kind;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1, Kind::whole};
  if (lead < 0xC2 || lead > 0xF4) return {kReplacementCharacter, 1, Kind::broken};
  const std::uint8_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte's bounds keep out overlong forms, surrogates and what is above U+10FFFF.
  unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t code = lead & (0x7FU >> bytes);
  for (std::uint8_t i = 1; i < bytes; ++i) {
    if (i == text.size()) return {kReplacementCharacter, i, Kind::incomplete};
    if (byte(i) < low || byte(i) > high) return {kReplacementCharacter, i, Kind::broken};
    code = code << 6 | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {code, bytes, Kind::whole};
}

void append_utf8(char32_t code, std::string& out) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    text.remove_prefix(ascii_prefix(text));
    for (int i = 0; i < 8 && !text.empty(); ++i) {
      const Utf8Character next = read_utf8(text);
      if (next.kind != Utf8Character::Kind::whole) return false;
      text.remove_prefix(next.bytes);
    }
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = read_utf8(text);
    out += next.kind == Utf8Character::Kind::whole ? text.substr(0, next.bytes) : kReplacementBytes;
    text.remove_prefix(next.bytes);
  }
  return out;
}

}  // namespace sluice::inference
