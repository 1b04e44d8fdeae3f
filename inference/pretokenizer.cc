// A scanner instead of a regular expression engine: one function for each alternative, in their
// order. What \p{L}, \p{N} and \s are, and in which Unicode, is in
// tools/inference/make_unicode_tables.py.
#include "inference/pretokenizer.h"

#include "inference/utf8.h"

#include <array>
#include <cstdint>

namespace sluice::inference {
namespace {

struct CodeRange {
  char32_t first, last;
};
#include "inference/character_tables.inc"

enum class CharacterClass : std::uint8_t { other, letter, number, space };

/// Two bits for each code point.
class ClassTable {
 public:
  ClassTable() {
    set(kLetters, CharacterClass::letter);
    set(kNumbers, CharacterClass::number);
    set(kSpaces, CharacterClass::space);
  }

  [[nodiscard]] CharacterClass of(char32_t code) const noexcept {
    return static_cast<CharacterClass>(quads_[code / 4] >> (code % 4 * 2) & 3);
  }

 private:
  template <std::size_t kSize>
  void set(const CodeRange (&ranges)[kSize], CharacterClass value) {
    for (const CodeRange& range : ranges) {
      for (char32_t code = range.first; code <= range.last; ++code) {
        quads_[code / 4] |=
            static_cast<std::uint8_t>(static_cast<unsigned>(value) << (code % 4 * 2));
      }
    }
  }

  std::array<std::uint8_t, 0x110000 / 4> quads_{};
};

const ClassTable& classes() noexcept {
  static const ClassTable table;
  return table;
}

/// A place in a text; reads the character that stands there.
class Cursor {
 public:
  Cursor(std::string_view text, const ClassTable& table, std::size_t at) noexcept
      : text_(text), table_(table), at_(at), next_(at) {
    read();
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] char32_t code() const noexcept { return code_; }
  [[nodiscard]] bool is(CharacterClass kind) const noexcept { return !at_end() && kind_ == kind; }
  [[nodiscard]] bool is_line_end() const noexcept {
    return !at_end() && (code_ == '\r' || code_ == '\n');
  }

  void advance() noexcept {
    at_ = next_;
    read();
  }
  void skip(CharacterClass kind) noexcept {
    while (is(kind)) advance();
  }

 private:
  void read() noexcept {
    if (at_end()) return;
    code_ = next_code(text_, next_);
    kind_ = table_.of(code_);
  }

  std::string_view text_;
  const ClassTable& table_;
  std::size_t at_;
  std::size_t next_;  // Behind the character at at_.
  char32_t code_ = 0;
  CharacterClass kind_ = CharacterClass::other;
};

/// (?i:'s|'t|'re|'ve|'m|'ll|'d), where s is also U+017F; 0: no match.
std::size_t contraction_size(std::string_view text) noexcept {
  const auto lower = [&](std::size_t i) {
    return i < text.size() ? static_cast<char>(text[i] | 0x20) : '\0';
  };
  if (text[0] != '\'') return 0;
  const char first = lower(1);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  const char second = lower(2);
  if ((first == 'r' || first == 'v') && second == 'e') return 3;
  if (first == 'l' && second == 'l') return 3;
  return text.substr(1).starts_with("\xC5\xBF") ? 3 : 0;
}

/// \s*[\r\n]+|\s+(?!\S)|\s+ where `text` begins with a space.
std::size_t space_size(Cursor cursor) noexcept {
  std::size_t behind_line_end = 0;
  std::size_t last = 0;  // Where the last space begins.
  while (cursor.is(CharacterClass::space)) {
    last = cursor.at();
    const bool is_line_end = cursor.is_line_end();
    cursor.advance();
    if (is_line_end) behind_line_end = cursor.at();
  }
  if (behind_line_end != 0) return behind_line_end;
  // The last space before a word is left to the word, unless it is the only one.
  return cursor.at_end() || last == 0 ? cursor.at() : last;
}

}  // namespace

std::size_t pretoken_size(std::string_view text) noexcept {
  if (const std::size_t size = contraction_size(text); size != 0) return size;
  const Cursor start(text, classes(), 0);
  Cursor cursor = start;
  cursor.advance();
  // [^\r\n\p{L}\p{N}]?\p{L}+
  if (start.is(CharacterClass::letter) ||
      (!start.is(CharacterClass::number) && !start.is_line_end() &&
       cursor.is(CharacterClass::letter))) {
    cursor.skip(CharacterClass::letter);
    return cursor.at();
  }
  if (start.is(CharacterClass::number)) return cursor.at();
  //  ?[^\s\p{L}\p{N}]+[\r\n]*
  if (start.is(CharacterClass::other) ||
      (start.code() == ' ' && cursor.is(CharacterClass::other))) {
    cursor.skip(CharacterClass::other);
    while (cursor.is_line_end()) cursor.advance();
    return cursor.at();
  }
  return space_size(start);
}

}  // namespace sluice::inference
