// One pass over the text with a table of character classes, following the grammar of RFC 3986,
// appendix A. IP literals in brackets are rare and left to Boost.URL.

#include "event/uri.h"

#include "base/url.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice {
namespace {

enum CharClass : std::uint8_t {
  kScheme = 1,   // ALPHA DIGIT + - .
  kHost = 2,     // unreserved, sub-delims
  kUser = 4,     // those and ':'
  kSegment = 8,  // pchar: those and '@'
  kPath = 16,    // pchar and '/'
  kQuery = 32,   // pchar, '/' and '?'
  kHex = 64,
  kDigit = 128,
};

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](std::string_view characters, int bits) {
    for (const char c : characters) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr int kUnreserved = kHost | kUser | kSegment | kPath | kQuery;
  mark(kLetters, kScheme | kUnreserved);
  mark(kDigits, kScheme | kUnreserved | kHex | kDigit);
  mark("ABCDEFabcdef", kHex);
  mark("+-.", kScheme);
  mark("-._~", kUnreserved);
  mark("!$&'()*+,;=", kUnreserved);
  mark(":", kUser | kSegment | kPath | kQuery);
  mark("@", kSegment | kPath | kQuery);
  mark("/", kPath | kQuery);
  mark("?", kQuery);
  return classes;
}

constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool is(char c, int mask) noexcept { return (kClasses[static_cast<unsigned char>(c)] & mask) != 0; }

/// The first position from `i` on that is neither of the class nor part of a percent escape.
std::size_t skip(std::string_view text, std::size_t i, int mask) noexcept {
  while (i < text.size()) {
    if (is(text[i], mask)) {
      ++i;
    } else if (text[i] == '%' && i + 2 < text.size() && is(text[i + 1], kHex) &&
               is(text[i + 2], kHex)) {
      i += 3;
    } else {
      break;
    }
  }
  return i;
}

/// The length of "scheme:" at the start; 0 where there is none.
std::size_t scheme_size(std::string_view text) noexcept {
  if (text.empty() || !is(text[0], kScheme) || !is(text[0], kHost) || is(text[0], kDigit)) return 0;
  if (text[0] == '-' || text[0] == '.' || text[0] == '+') return 0;
  std::size_t i = 1;
  while (i < text.size() && is(text[i], kScheme)) ++i;
  return i < text.size() && text[i] == ':' ? i + 1 : 0;
}

/// The end of [userinfo "@"] host [":" port] from `i`; nullopt where there is no telling without
/// reading an IP literal.
std::optional<std::size_t> skip_authority(std::string_view text, std::size_t i) noexcept {
  std::size_t end = skip(text, i, kUser);
  if (end < text.size() && text[end] == '@') i = end + 1;
  if (i < text.size() && text[i] == '[') return std::nullopt;
  end = skip(text, i, kHost);
  if (end < text.size() && text[end] == ':') {
    do {
      ++end;
    } while (end < text.size() && is(text[end], kDigit));
  }
  return end;
}

bool is_reference(std::string_view text, bool need_scheme) noexcept {
  std::size_t i = scheme_size(text);
  if (i == 0 && need_scheme) return false;
  const bool has_scheme = i > 0;
  if (text.substr(i).starts_with("//")) {
    const auto end = skip_authority(text, i + 2);
    if (!end) return need_scheme ? is_absolute_uri(text) : is_uri_reference(text);
    i = *end;
    if (i < text.size() && text[i] != '/' && text[i] != '?' && text[i] != '#') return false;
  } else if (!has_scheme) {
    // No colon in the first segment of a relative path: it would read as a scheme.
    const std::size_t end = skip(text, 0, kSegment);
    if (text.substr(0, end).find(':') != std::string_view::npos) return false;
    i = end;
  }
  i = skip(text, i, kPath);
  if (i < text.size() && text[i] == '?') i = skip(text, i + 1, kQuery);
  if (i < text.size() && text[i] == '#') i = skip(text, i + 1, kQuery);
  return i == text.size();
}

}  // namespace

bool is_event_uri_reference(std::string_view text) noexcept {
  return !text.empty() && is_reference(text, false);
}

bool is_event_uri(std::string_view text) noexcept { return is_reference(text, true); }

}  // namespace sluice
