#include "filter/cesql/token.h"

#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

using Kind = CesqlToken::Kind;

constexpr auto kKeywords = std::to_array<std::pair<std::string_view, Kind>>({
    {"AND", Kind::keyword_and},
    {"OR", Kind::keyword_or},
    {"XOR", Kind::keyword_xor},
    {"NOT", Kind::keyword_not},
    {"LIKE", Kind::keyword_like},
    {"EXISTS", Kind::keyword_exists},
    {"IN", Kind::keyword_in},
    {"TRUE", Kind::keyword_true},
    {"FALSE", Kind::keyword_false},
});

// The longer ones first.
constexpr auto kSymbols = std::to_array<std::pair<std::string_view, Kind>>({
    {"!=", Kind::not_equal},
    {"<>", Kind::not_equal},
    {"<=", Kind::less_equal},
    {">=", Kind::greater_equal},
    {"(", Kind::open},
    {")", Kind::close},
    {",", Kind::comma},
    {"+", Kind::plus},
    {"-", Kind::minus},
    {"*", Kind::star},
    {"/", Kind::slash},
    {"%", Kind::percent},
    {"=", Kind::equal},
    {"<", Kind::less},
    {">", Kind::greater},
});

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word_char(char c) noexcept { return is_letter(c) || is_digit(c) || c == '_'; }

bool is_keyword(std::string_view word, std::string_view keyword) noexcept {
  return std::ranges::equal(word, keyword, [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  CesqlResult<std::vector<CesqlToken>> all() {
    std::vector<CesqlToken> tokens;
    for (;;) {
      while (position_ < text_.size() && is_space(text_[position_])) ++position_;
      const std::size_t begin = position_;
      SLUICE_TRY(const Kind kind, next());
      tokens.push_back(
          {kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(position_)});
      if (kind == Kind::end) return tokens;
    }
  }

 private:
  // Steps over one token.
  CesqlResult<Kind> next() {
    if (position_ == text_.size()) return Kind::end;
    const char c = text_[position_];
    if (c == '\'' || c == '"') return string(c);
    if (is_word_char(c)) return word();
    for (const auto& [symbol, kind] : kSymbols) {
      if (!text_.substr(position_).starts_with(symbol)) continue;
      position_ += symbol.size();
      return kind;
    }
    return unknown();
  }

  CesqlResult<Kind> string(char quote) {
    const std::size_t begin = position_++;
    while (position_ < text_.size()) {
      const char c = text_[position_++];
      if (c == '\\' && position_ < text_.size()) {
        ++position_;
      } else if (c == quote) {
        return Kind::string;
      }
    }
    return error(begin, "the string does not end: a " +
                            std::string(quote == '"' ? "double" : "single") + " quote lacks");
  }

  CesqlResult<Kind> word() {
    const std::size_t begin = position_;
    while (position_ < text_.size() && is_word_char(text_[position_])) ++position_;
    const std::string_view word = text_.substr(begin, position_ - begin);
    if (std::ranges::all_of(word, is_digit)) return Kind::integer;
    for (const auto& [keyword, kind] : kKeywords) {
      if (is_keyword(word, keyword)) return kind;
    }
    return Kind::identifier;
  }

  CesqlResult<Kind> unknown() {
    const Utf8Char c = first_char(text_.substr(position_));
    const std::string shown = in_quotes(text_.substr(position_, c.size));
    std::string hint;
    if (text_.substr(position_).starts_with("&&")) hint = ": write AND";
    if (text_.substr(position_).starts_with("||")) hint = ": write OR";
    if (c.code == '!') hint = ": write NOT, or != between two values";
    if (c.code == '`' || c.code == 0x2018 || c.code == 0x2019 || c.code == 0x201c ||
        c.code == 0x201d) {
      hint = ": quote strings with ' or \"";
    }
    return error(position_, "unexpected character " + shown + hint);
  }

  [[nodiscard]] CesqlError error(std::size_t offset, std::string detail) const {
    return {CesqlErrorKind::parse, std::move(detail), column_of(text_, offset)};
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace

CesqlResult<std::vector<CesqlToken>> cesql_tokens(std::string_view text) {
  if (text.size() > kCesqlMaxBytes) {
    return CesqlError{CesqlErrorKind::parse,
                      "the expression has " + std::to_string(text.size()) + " bytes, at most " +
                          std::to_string(kCesqlMaxBytes) + " are read",
                      1};
  }
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = first_char(text.substr(i)).size;
    if (size == 0) {
      return CesqlError{CesqlErrorKind::parse, "the expression is not UTF-8 here",
                        column_of(text, i)};
    }
    i += size;
  }
  return Lexer(text).all();
}

std::string described(const CesqlToken& token, std::string_view text) {
  const std::string_view own = text.substr(token.begin, token.end - token.begin);
  switch (token.kind) {
    case Kind::end:
      return "the end of the expression";
    case Kind::string:
      return "the string " + in_quotes(own.substr(1, own.size() - 2));
    case Kind::integer:
      return "the number " + std::string(own.substr(0, 40));
    default:
      return in_quotes(own);
  }
}

}  // namespace sluice
