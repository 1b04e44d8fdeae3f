#pragma once

#include "event/event.h"
#include "filter/cesql/error.h"
#include "filter/cesql/functions.h"
#include "filter/cesql/tree.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {

/// What an expression yields: a value always, and the first error where there was one.
struct CesqlOutcome {
  std::variant<bool, std::int32_t, std::string> value;
  std::optional<CesqlError> error;
};

/// An expression of the CloudEvents SQL expression language 1.0 over the attributes of one event.
/// Immutable, so that all cores share it.
class CesqlExpression {
 public:
  /// `functions` outlives the expression. A call of a function that is not there is no error yet:
  /// unknown_function() tells.
  /// Errors: parse.
  [[nodiscard]] static CesqlResult<CesqlExpression> parse(
      std::string_view text, const CesqlFunctions& functions = CesqlFunctions::builtin());

  /// Whether the expression is the boolean true, without an error. Does not allocate once its
  /// thread has evaluated something as large.
  [[nodiscard]] bool passes(const Event& event) const noexcept;

  [[nodiscard]] CesqlOutcome evaluate(const Event& event) const;

  /// The first call of a function that is not there, as the error that evaluating it is.
  [[nodiscard]] std::optional<CesqlError> unknown_function() const;

  [[nodiscard]] const CesqlTree& tree() const noexcept { return tree_; }

 private:
  explicit CesqlExpression(CesqlTree tree) : tree_(std::move(tree)) {}

  CesqlTree tree_;
};

}  // namespace sluice
