#pragma once

#include "filter/cesql/token.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Walks over the tokens of an expression. The last one, the end, stays where it is.
class CesqlTokenCursor {
 public:
  /// `tokens` are those of `text`, which outlives this.
  CesqlTokenCursor(std::string_view text, std::vector<CesqlToken> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  [[nodiscard]] const CesqlToken& now() const noexcept { return tokens_[position_]; }
  [[nodiscard]] bool is(CesqlToken::Kind kind) const noexcept { return now().kind == kind; }
  [[nodiscard]] const CesqlToken& after() const noexcept {
    return tokens_[std::min(position_ + 1, tokens_.size() - 1)];
  }
  /// The one before; the first one at the start.
  [[nodiscard]] const CesqlToken& before() const noexcept {
    return tokens_[position_ - std::min<std::size_t>(position_, 1)];
  }

  /// The token here, and steps over it.
  CesqlToken take() noexcept {
    const CesqlToken token = now();
    position_ = std::min(position_ + 1, tokens_.size() - 1);
    return token;
  }

  [[nodiscard]] std::string_view text_of(const CesqlToken& token) const noexcept {
    return text_.substr(token.begin, token.end - token.begin);
  }
  /// The text from the start of one token to the end of another.
  [[nodiscard]] std::string_view text_of(const CesqlToken& first,
                                         const CesqlToken& last) const noexcept {
    return text_.substr(first.begin, last.end - first.begin);
  }

  [[nodiscard]] std::size_t column(const CesqlToken& token) const noexcept {
    return column_of(text_, token.begin);
  }
  [[nodiscard]] CesqlError error(const CesqlToken& token, std::string detail) const {
    return {CesqlErrorKind::parse, std::move(detail), column(token)};
  }
  /// "expected a value, found 'AND'", at the token here.
  [[nodiscard]] CesqlError expected(std::string_view what, std::string_view hint = {}) const {
    return error(now(),
                 std::string(what) + ", found " + described(now(), text_) + std::string(hint));
  }

 private:
  std::string_view text_;
  std::vector<CesqlToken> tokens_;
  std::size_t position_ = 0;
};

}  // namespace sluice
