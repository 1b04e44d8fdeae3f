#include "filter/cesql/expression.h"

#include "filter/cesql/arena.h"
#include "filter/cesql/evaluator.h"
#include "filter/cesql/parser.h"

#include <algorithm>

namespace sluice {

CesqlResult<CesqlExpression> CesqlExpression::parse(std::string_view text,
                                                    const CesqlFunctions& functions) {
  SLUICE_TRY(auto tree, parse_cesql(text, functions));
  return CesqlExpression(std::move(tree));
}

bool CesqlExpression::passes(const Event& event) const noexcept {
  CesqlArena& arena = CesqlArena::of_thread();
  arena.reset();
  CesqlEvaluator evaluator(tree_, event, arena);
  const CesqlNode& root = tree_.root();
  if (root.type == CesqlType::boolean) {
    return evaluator.boolean_value(root) && !evaluator.failed();
  }
  if (root.op != CesqlOp::attribute) return false;
  const CesqlValue value = evaluator.value(root);
  return !evaluator.failed() && value.type == CesqlType::boolean && value.boolean();
}

CesqlOutcome CesqlExpression::evaluate(const Event& event) const {
  CesqlArena& arena = CesqlArena::of_thread();
  arena.reset();
  CesqlEvaluator evaluator(tree_, event, arena);
  const CesqlValue value = evaluator.value(tree_.root());
  CesqlOutcome outcome;
  if (value.type == CesqlType::string) {
    outcome.value = std::string(value.text);
  } else if (value.type == CesqlType::integer) {
    outcome.value = value.number;
  } else {
    outcome.value = value.boolean();
  }
  if (evaluator.failed()) outcome.error = evaluator.error();
  return outcome;
}

std::optional<CesqlError> CesqlExpression::unknown_function() const {
  const auto it = std::ranges::find(tree_.nodes, CesqlOp::unknown_call, &CesqlNode::op);
  if (it == tree_.nodes.end()) return std::nullopt;
  return CesqlError{CesqlErrorKind::missing_function, tree_.texts[it->index],
                    column_of(tree_.source, it->at)};
}

}  // namespace sluice
