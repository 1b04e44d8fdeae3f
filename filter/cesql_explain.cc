#include "filter/cesql_explain.h"

#include "base/utf8.h"
#include "filter/cesql/arena.h"
#include "filter/cesql/evaluator.h"
#include "filter/explain.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {
namespace {

std::string_view word_of(CesqlOp op) noexcept {
  switch (op) {
    case CesqlOp::logical_and:
      return "AND";
    case CesqlOp::logical_or:
      return "OR";
    case CesqlOp::logical_xor:
      return "XOR";
    case CesqlOp::logical_not:
      return "NOT";
    default:
      return {};
  }
}

class Explainer {
 public:
  Explainer(const CesqlTree& tree, const Event& event) : tree_(tree), event_(event) {}

  Explanation explain_root() const { return explain(tree_.root(), filtered(tree_.root())); }

 private:
  Explanation explain(const CesqlNode& node, Explanation out) const {
    const std::string_view word = word_of(node.op);
    if (word.empty()) {
      describe_leaf(node, out);
      return out;
    }
    out.clause = word;
    for (const std::uint32_t child : tree_.children_of(node)) {
      out.parts.push_back(explain(tree_.nodes[child], cast(tree_.nodes[child])));
    }
    // The first part says it, unless one that passes hides that.
    const bool is_plain = node.op == CesqlOp::logical_and || out.parts.size() == 1;
    if (is_plain && std::ranges::any_of(out.parts, has_problem)) out.problem.clear();
    return out;
  }

  static bool has_problem(const Explanation& part) {
    return !part.problem.empty() || std::ranges::any_of(part.parts, has_problem);
  }

  static std::string problem_of(const CesqlEvaluator& evaluator) {
    const CesqlError error = evaluator.error();
    return error.detail + " (column " + std::to_string(error.column) + ")";
  }

  CesqlEvaluator evaluator() const {
    CesqlArena& arena = CesqlArena::of_thread();
    arena.reset();
    return {tree_, event_, arena};
  }

  // As a filter: nothing but the Boolean true passes.
  Explanation filtered(const CesqlNode& node) const {
    CesqlEvaluator evaluating = evaluator();
    const CesqlValue value = evaluating.value(node);
    Explanation out;
    if (evaluating.failed()) {
      out.problem = problem_of(evaluating);
    } else if (value.type != CesqlType::boolean) {
      out.problem = "it is " + shown(value) + ", which is no Boolean";
    } else {
      out.passes = value.boolean();
    }
    return out;
  }

  // As an operand of AND, OR, XOR and NOT.
  Explanation cast(const CesqlNode& node) const {
    CesqlEvaluator evaluating = evaluator();
    Explanation out;
    out.passes = evaluating.boolean(node) && !evaluating.failed();
    if (evaluating.failed()) out.problem = problem_of(evaluating);
    return out;
  }

  static std::string shown(const CesqlValue& value) {
    if (value.type == CesqlType::integer) return "the Integer " + std::to_string(value.number);
    return "the String " + in_quotes(value.text);
  }

  // The text, the first attribute in it, and what that is.
  void describe_leaf(const CesqlNode& node, Explanation& out) const {
    out.clause = tree_.text_of(node);
    const CesqlNode* const attribute = first_attribute(node);
    if (attribute == nullptr) return;
    out.attribute = tree_.texts[attribute->index];
    if (const auto seen = event_.attribute(out.attribute)) out.seen = seen_text(*seen);
    if (!out.passes) out.hint = hint(node, out.attribute);
  }

  const CesqlNode* first_attribute(const CesqlNode& node) const {
    if (node.op == CesqlOp::attribute || node.op == CesqlOp::exists) return &node;
    for (const std::uint32_t child : tree_.children_of(node)) {
      if (const CesqlNode* const found = first_attribute(tree_.nodes[child])) return found;
    }
    return nullptr;
  }

  std::string hint(const CesqlNode& node, const std::string& attribute) const {
    std::string_view wanted;
    std::string_view verb = "is";
    if (node.op == CesqlOp::equal && tree_.is_string_literal(tree_.child(node, 1))) {
      verb = "=";
      wanted = tree_.texts[tree_.child(node, 1).index];
    }
    return nearest_miss(event_, {attribute, verb, wanted, false});
  }

  const CesqlTree& tree_;
  const Event& event_;
};

}  // namespace

Explanation explain_cesql(const CesqlTree& tree, const Event& event) {
  return Explainer(tree, event).explain_root();
}

}  // namespace sluice
