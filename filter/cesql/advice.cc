#include "filter/cesql/advice.h"

#include "base/utf8.h"
#include "event/event_builder.h"
#include "filter/cesql/arena.h"
#include "filter/cesql/evaluator.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

bool is_logic(CesqlOp op) noexcept {
  return op == CesqlOp::logical_and || op == CesqlOp::logical_or || op == CesqlOp::logical_xor;
}

bool is_loose(CesqlOp op) noexcept {
  switch (op) {
    case CesqlOp::like:
    case CesqlOp::not_like:
    case CesqlOp::in:
    case CesqlOp::not_in:
    case CesqlOp::equal:
    case CesqlOp::not_equal:
      return true;
    default:
      return false;
  }
}

class Adviser {
 public:
  explicit Adviser(const CesqlExpression& expression) : tree_(expression.tree()) {}

  std::vector<CesqlAdvice> all() {
    check_type();
    for (const CesqlNode& node : tree_.nodes) {
      check_mixed_logic(node);
      check_not(node);
    }
    check_constants();
    return std::move(found_);
  }

 private:
  void check_type() {
    const CesqlNode& root = tree_.root();
    if (root.type == CesqlType::boolean || root.type == CesqlType::any) return;
    say(root.begin,
        "the expression is of type " + std::string(to_string(root.type)) +
            ", a filter passes nothing but the Boolean true",
        "compare it with something");
  }

  // a AND b OR c: the last operand is a chain of another operator.
  void check_mixed_logic(const CesqlNode& node) {
    if (!is_logic(node.op)) return;
    const CesqlNode& last = tree_.child(node, node.child_count - 1);
    if (!is_logic(last.op) || last.in_parentheses) return;
    say(last.at,
        "AND, OR and XOR bind alike, from the right: (" + shown(last) + ") is grouped first",
        "write the parentheses that are meant");
  }

  void check_not(const CesqlNode& node) {
    if (!is_loose(node.op)) return;
    const CesqlNode& left = tree_.child(node, 0);
    if (left.op != CesqlOp::logical_not || left.in_parentheses) return;
    say(left.at, "NOT binds tighter than what follows: this is (" + shown(left) + ") ...",
        "write NOT ( ... ), or NOT LIKE and NOT IN");
  }

  // The outermost parts that look at no attribute, each evaluated once.
  void check_constants() {
    std::vector<bool> is_constant;
    for (const CesqlNode& node : tree_.nodes) {
      const bool looks = node.op == CesqlOp::attribute || node.op == CesqlOp::exists;
      is_constant.push_back(
          !looks && std::ranges::all_of(tree_.children_of(node),
                                        [&](std::uint32_t child) { return is_constant[child]; }));
    }
    if (is_constant.back()) {
      evaluate(tree_.root());
      return;
    }
    for (const CesqlNode& node : tree_.nodes) {
      for (const std::uint32_t child : tree_.children_of(node)) {
        const bool is_outermost =
            !is_constant[static_cast<std::size_t>(&node - tree_.nodes.data())];
        if (is_outermost && is_constant[child]) evaluate(tree_.nodes[child]);
      }
    }
  }

  void evaluate(const CesqlNode& node) {
    static const EventPtr nothing = [] {
      EventBuilder builder;
      builder.set("id", "1").set("source", "/").set("type", "t");
      return builder.build();
    }();
    CesqlArena& arena = CesqlArena::of_thread();
    arena.reset();
    CesqlEvaluator evaluator(tree_, *nothing, arena);
    const CesqlValue value = evaluator.value(node);
    if (evaluator.failed()) {
      const CesqlError error = evaluator.error();
      say(node.begin, "this is an error for every event: " + error.detail, "");
    } else if (&node == &tree_.root() && value.type == CesqlType::boolean) {
      say(node.begin,
          std::string("the expression passes ") + (value.boolean() ? "every event" : "nothing"),
          "look at an attribute");
    }
  }

  std::string shown(const CesqlNode& node) const {
    std::string text = in_quotes(tree_.text_of(node));
    return text.substr(1, text.size() - 2);
  }

  void say(std::uint32_t offset, std::string text, std::string hint) {
    constexpr std::size_t kMost = 10;  // More of the same helps nobody.
    if (found_.size() == kMost) return;
    found_.push_back({column_of(tree_.source, offset), std::move(text), std::move(hint)});
  }

  const CesqlTree& tree_;
  std::vector<CesqlAdvice> found_;
};

}  // namespace

std::vector<CesqlAdvice> cesql_advice(const CesqlExpression& expression) {
  return Adviser(expression).all();
}

}  // namespace sluice
