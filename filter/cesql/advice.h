#pragma once

#include "filter/cesql/expression.h"

#include <cstddef>
#include <string>
#include <vector>

namespace sluice {

/// Something in an expression that is allowed and most likely not meant.
struct CesqlAdvice {
  std::size_t column = 1;
  std::string text;
  std::string hint;
};

/// What the author of a filter should know: that it can pass nothing because of its type or of an
/// error that does not depend on the event; AND, OR and XOR mixed without parentheses, which other
/// languages group differently; NOT, which binds tighter than LIKE, IN and comparisons.
[[nodiscard]] std::vector<CesqlAdvice> cesql_advice(const CesqlExpression& expression);

}  // namespace sluice
