// The `cesql` dialect of the CloudEvents Subscriptions API: passes when the expression is true. An
// error, e.g. an attribute that the event does not have, or a result that is no Boolean does not
// pass. The language is filter/cesql/.
//
//   {"cesql": "type LIKE 'com.example.%' AND (sequence > 10 OR EXISTS urgent)"}

#include "filter/cesql/expression.h"
#include "filter/cesql_explain.h"
#include "filter/cesql_pins.h"
#include "filter/dialect.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class CesqlFilter final : public Filter {
 public:
  explicit CesqlFilter(CesqlExpression expression) : expression_(std::move(expression)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return expression_.passes(event);
  }

  [[nodiscard]] std::vector<PinSet> pins() const override { return cesql_pins(expression_.tree()); }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    Explanation inner = explain_cesql(expression_.tree(), event);
    return explained_all("cesql", {std::move(inner)});
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view> names) const override {
    const CesqlTree& tree = expression_.tree();
    return std::ranges::all_of(tree.nodes, [&](const CesqlNode& node) {
      const bool looks = node.op == CesqlOp::attribute || node.op == CesqlOp::exists;
      return !looks || std::ranges::find(names, tree.texts[node.index]) != names.end();
    });
  }

 private:
  CesqlExpression expression_;
};

Error refused(const Clause& clause, const CesqlError& error) {
  return bad_clause(clause.path, "column " + std::to_string(error.column) + ": " + error.detail);
}

}  // namespace

Result<FilterPtr> make_cesql_filter(const Clause& clause) {
  const auto* const text = clause.argument.get_ptr<const std::string*>();
  if (text == nullptr) return bad_clause(clause.path, "want an expression, a string");
  auto expression = CesqlExpression::parse(*text);
  if (!expression) return refused(clause, expression.error());
  if (const auto unknown = expression.value().unknown_function()) return refused(clause, *unknown);
  return std::make_shared<const CesqlFilter>(std::move(expression).value());
}

}  // namespace sluice
