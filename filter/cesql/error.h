#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// The kinds of errors that every CESQL engine knows (section 3.3).
enum class CesqlErrorKind : std::uint8_t {
  parse,
  math,
  cast,
  missing_function,
  function_evaluation,
  missing_attribute,
  generic,
};

/// As the conformance tests write it: "missingAttribute".
[[nodiscard]] std::string_view to_string(CesqlErrorKind kind) noexcept;

/// What went wrong in an expression, and where.
struct CesqlError {
  CesqlErrorKind kind = CesqlErrorKind::generic;
  std::string detail;      ///< One line.
  std::size_t column = 1;  ///< In characters, from 1; behind the last one: the end is the fault.
};

template <typename T>
using CesqlResult =
    boost::outcome_v2::basic_result<T, CesqlError, boost::outcome_v2::policy::terminate>;

/// The column of a byte of `text`, in characters from 1. Bytes that are no UTF-8 count as one each.
[[nodiscard]] std::size_t column_of(std::string_view text, std::size_t offset) noexcept;

/// The line of `text` that has `column`, cut to what fits a terminal, and a caret below it. Two
/// lines, each indented by two spaces and without an end of line behind the caret.
[[nodiscard]] std::string with_caret(std::string_view text, std::size_t column);

}  // namespace sluice
