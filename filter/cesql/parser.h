#pragma once

#include "filter/cesql/error.h"
#include "filter/cesql/functions.h"
#include "filter/cesql/tree.h"

#include <string_view>

namespace sluice {

/// How deep an expression may nest: parentheses, operators, arguments. A chain of one of AND, OR
/// and XOR counts once, however long it is.
inline constexpr std::size_t kCesqlMaxDepth = 200;

/// Parses an expression of CESQL 1.0. Precedence is that of section 3.6, the highest first: calls;
/// NOT and the minus sign; LIKE; EXISTS; IN; * / %; + -; comparisons; AND, OR and XOR. Operators of
/// one level are left-associative, but AND, OR and XOR, which share a level, are right-associative,
/// as in the specification's own grammar: `a AND b OR c` is `a AND (b OR c)`.
///
/// A function that `functions`, which must outlive the tree, does not have is no error here.
/// Errors: parse, with the column.
[[nodiscard]] CesqlResult<CesqlTree> parse_cesql(std::string_view text,
                                                 const CesqlFunctions& functions);

}  // namespace sluice
