#include "base/encoding.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kBase64Values = make_base64_values();

std::uint8_t base64_value(char digit) noexcept {
  return kBase64Values[static_cast<unsigned char>(digit)];
}

char base64_digit(std::uint32_t bits) noexcept { return kBase64Digits[bits & 0x3f]; }

Error bad_base64(std::string_view why, std::size_t position) {
  return fail(Errc::invalid_argument,
              "not base64: " + std::string(why) + " at byte " + std::to_string(position));
}

/// The value of one digit, or kNoDigit.
std::uint8_t hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<std::uint8_t>(digit - 'A' + 10);
  return kNoDigit;
}

bool needs_percent(char byte) noexcept {
  const auto value = static_cast<unsigned char>(byte);
  return value <= 0x20 || value >= 0x7f || byte == '"' || byte == '%';
}

/// What stands between the quotes where `value` is one quoted-string and nothing else.
bool is_quoted(std::string_view value) noexcept {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return false;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '"') return false;
    if (value[i] == '\\' && ++i + 1 >= value.size()) return false;  // It escapes the last quote.
  }
  return true;
}

std::size_t unquote_to(std::string_view quoted, char* target) noexcept {
  char* end = target;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\') ++i;
    *end++ = quoted[i];
  }
  return static_cast<std::size_t>(end - target);
}

}  // namespace

void append_base64(std::string_view bytes, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* target = out.data() + start;
  const auto byte = [bytes](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(bytes[i]);
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *target++ = base64_digit(bits >> 18);
    *target++ = base64_digit(bits >> 12);
    *target++ = base64_digit(bits >> 6);
    *target++ = base64_digit(bits);
  }
  if (i == bytes.size()) return;
  const bool two = i + 2 == bytes.size();
  const std::uint32_t bits = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0);
  *target++ = base64_digit(bits >> 18);
  *target++ = base64_digit(bits >> 12);
  *target++ = two ? base64_digit(bits >> 6) : '=';
  *target = '=';
}

std::string base64_encode(std::string_view bytes) {
  std::string text;
  append_base64(bytes, text);
  return text;
}

std::string base64_encode_first(std::string_view bytes, std::size_t count) {
  return base64_encode(bytes.substr(0, count));
}

Result<std::size_t> base64_decode_to(std::string_view text, char* target) {
  if (text.size() % 4 != 0) return bad_base64("the length is not a multiple of 4", text.size());
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  char* end = target;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const std::uint8_t value = base64_value(text[i]);
    if (value == kNoDigit) return bad_base64("a character outside the alphabet", i);
    bits = bits << 6 | value;
    if (i % 4 != 3) continue;
    *end++ = static_cast<char>(bits >> 16);
    *end++ = static_cast<char>(bits >> 8);
    *end++ = static_cast<char>(bits);
    bits = 0;
  }
  if (digits % 4 == 3) {
    if ((bits & 0x3) != 0) return bad_base64("stray bits before the padding", digits - 1);
    *end++ = static_cast<char>(bits >> 10);
    *end++ = static_cast<char>(bits >> 2);
  } else if (digits % 4 == 2) {
    if ((bits & 0xf) != 0) return bad_base64("stray bits before the padding", digits - 1);
    *end++ = static_cast<char>(bits >> 4);
  }
  return static_cast<std::size_t>(end - target);
}

Result<std::string> base64_decode(std::string_view text) {
  std::string bytes(base64_decoded_bound(text.size()), '\0');
  SLUICE_TRY(const std::size_t size, base64_decode_to(text, bytes.data()));
  bytes.resize(size);
  return bytes;
}

void append_percent_encoded(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_percent(text[i])) continue;
    out.append(text, start, i - start);
    const auto value = static_cast<unsigned char>(text[i]);
    out += {'%', kHex[value >> 4], kHex[value & 0xf]};
    start = i + 1;
  }
  out.append(text, start);
}

bool is_plain_header_value(std::string_view value) noexcept {
  if (value.empty()) return true;
  return value.front() != '"' && std::memchr(value.data(), '%', value.size()) == nullptr;
}

Result<std::size_t> percent_decode_to(std::string_view value, char* target) {
  if (is_quoted(value)) value = {target, unquote_to(value, target)};
  char* end = target;  // Decoding shrinks, so it may read and write the same bytes.
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      *end++ = value[i];
      continue;
    }
    const std::uint8_t high = i + 1 < value.size() ? hex_value(value[i + 1]) : kNoDigit;
    const std::uint8_t low = i + 2 < value.size() ? hex_value(value[i + 2]) : kNoDigit;
    if (high == kNoDigit || low == kNoDigit) {
      return fail(Errc::invalid_argument, "a percent sign at byte " + std::to_string(i) +
                                              " without two hexadecimal digits; write %25 for '%'");
    }
    *end++ = static_cast<char>(high << 4 | low);
    i += 2;
  }
  return static_cast<std::size_t>(end - target);
}

Result<std::string> percent_decode(std::string_view value) {
  std::string text(value.size(), '\0');
  SLUICE_TRY(const std::size_t size, percent_decode_to(value, text.data()));
  text.resize(size);
  return text;
}

}  // namespace sluice
