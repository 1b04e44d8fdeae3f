#pragma once

#include "filter/cesql/error.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

/// A token of an expression (CESQL 1.0, section 2). Keywords are found in any case.
struct CesqlToken {
  enum class Kind : std::uint8_t {
    end,
    integer,     ///< Digits.
    string,      ///< With its quotes.
    identifier,  ///< Letters and digits; a function's name may have `_` as well.
    keyword_and,
    keyword_or,
    keyword_xor,
    keyword_not,
    keyword_like,
    keyword_exists,
    keyword_in,
    keyword_true,
    keyword_false,
    open,
    close,
    comma,
    plus,
    minus,
    star,
    slash,
    percent,
    equal,
    not_equal,  ///< != or <>
    less,
    less_equal,
    greater,
    greater_equal,
  };

  Kind kind = Kind::end;
  std::uint32_t begin = 0;  ///< Bytes of the expression.
  std::uint32_t end = 0;
};

/// The longest expression that is read.
inline constexpr std::size_t kCesqlMaxBytes = 65'536;

/// The tokens of `text`, the last one of kind `end`.
/// Errors: parse, at the first character that belongs to no token, where a string does not end,
/// where the text is not UTF-8 or longer than kCesqlMaxBytes.
[[nodiscard]] CesqlResult<std::vector<CesqlToken>> cesql_tokens(std::string_view text);

/// A token for people: "'AND'", "the number 5", "the end of the expression".
[[nodiscard]] std::string described(const CesqlToken& token, std::string_view text);

}  // namespace sluice
