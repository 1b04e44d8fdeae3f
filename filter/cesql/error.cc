#include "filter/cesql/error.h"

#include "base/utf8.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::size_t kShownBefore = 50;  // Characters left and right of the caret.
constexpr std::size_t kShownBehind = 25;

std::size_t char_size(std::string_view text) noexcept {
  return std::max<std::size_t>(first_char(text).size, 1);
}

/// The characters of `line` from number `begin` to `end`, control characters made visible.
std::string shown(std::string_view line, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = 0; i < end && !line.empty(); ++i) {
    const Utf8Char c = first_char(line);
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    const bool is_plain = c.size > 0 && c.code >= 0x20 && (c.code < 0x7f || c.code > 0x9f);
    if (i >= begin) out += is_plain ? line.substr(0, size) : c.code == '\t' ? " " : "?";
    line.remove_prefix(size);
  }
  return out;
}

}  // namespace

std::string_view to_string(CesqlErrorKind kind) noexcept {
  static constexpr std::array<std::string_view, 7> kNames = {
      "parse",  "math", "cast", "missingFunction", "functionEvaluation", "missingAttribute",
      "generic"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::size_t column_of(std::string_view text, std::size_t offset) noexcept {
  std::size_t column = 1;
  for (std::size_t i = 0; i < std::min(offset, text.size()); ++column) {
    i += char_size(text.substr(i));
  }
  return column;
}

std::string with_caret(std::string_view text, std::size_t column) {
  // Down to the line, and the caret's place in it.
  std::size_t place = column - 1;
  std::size_t line_start = 0;
  std::size_t offset = 0;
  for (std::size_t i = 0; i + 1 < column && offset < text.size(); ++i) {
    const bool is_line_end = text[offset] == '\n';
    offset += char_size(text.substr(offset));
    if (is_line_end) {
      line_start = offset;
      place = column - 2 - i;
    }
  }
  std::string_view line = text.substr(line_start);
  line = line.substr(0, line.find('\n'));
  const std::size_t begin = place > kShownBefore ? place - kShownBefore : 0;
  const std::string before = begin > 0 ? "..." : "";
  std::string out = "  " + before + shown(line, begin, place + kShownBehind) + "\n  ";
  out.append(before.size() + place - begin, ' ');
  return out + "^";
}

}  // namespace sluice
