#include "filter/cesql/evaluator.h"

#include "base/utf8.h"

#include <array>
#include <limits>

namespace sluice {
namespace {

using Type = CesqlType;
using Value = CesqlValue;
using Kind = CesqlErrorKind;

constexpr std::int64_t kLowest = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();

Value value_of(const Attribute& attribute) noexcept {
  if (attribute.type == AttributeType::boolean) return Value::of(attribute.value == "true");
  if (attribute.type == AttributeType::integer) {
    // Checked when the event was read.
    return Value::of(cesql_integer(attribute.value).value_or(0));
  }
  return Value::of(attribute.value);
}

}  // namespace

void CesqlEvaluator::fail(Kind kind, const CesqlNode& node, std::string_view detail) noexcept {
  if (failed_) return;
  failed_ = true;
  kind_ = kind;
  blamed_ = &node;
  detail_ = detail;
}

Value CesqlEvaluator::value(const CesqlNode& node) noexcept {
  switch (node.op) {
    case CesqlOp::literal:
      if (node.type == Type::string) {
        return Value::of(std::string_view(tree_.texts[node.index]));
      }
      return {node.type, node.number, {}};
    case CesqlOp::attribute:
      return attribute(node);
    case CesqlOp::call:
      return call(node);
    default:
      break;
  }
  if (node.type == Type::integer) return Value::of(integer_value(node));
  return Value::of(boolean_value(node));
}

bool CesqlEvaluator::boolean_value(const CesqlNode& node) noexcept {
  switch (node.op) {
    case CesqlOp::literal:
      return node.number != 0;
    case CesqlOp::logical_and:
      return all(node, false);
    case CesqlOp::logical_or:
      return all(node, true);
    case CesqlOp::logical_xor:
      return exclusive(node);
    case CesqlOp::logical_not:
      return logical_not(node);
    case CesqlOp::equal:
    case CesqlOp::not_equal:
      return are_equal(node);
    case CesqlOp::less:
    case CesqlOp::less_equal:
    case CesqlOp::greater:
    case CesqlOp::greater_equal:
      return compare(node);
    case CesqlOp::like:
    case CesqlOp::not_like:
      return is_like(node);
    case CesqlOp::in:
    case CesqlOp::not_in:
      return is_in(node);
    case CesqlOp::exists:
      return event_.attribute(tree_.texts[node.index]).has_value();
    case CesqlOp::unknown_call:
      fail(Kind::missing_function, node, {});
      return false;
    default:
      return call(node).boolean();
  }
}

bool CesqlEvaluator::boolean(const CesqlNode& node) noexcept {
  if (node.type == Type::boolean) return boolean_value(node);
  Value found = value(node);
  if (failed_ || !cast(found, Type::boolean, node)) return false;
  return found.boolean();
}

std::int32_t CesqlEvaluator::integer(const CesqlNode& node) noexcept {
  if (node.type == Type::integer && node.op == CesqlOp::literal) return node.number;
  Value found = value(node);
  if (failed_ || !cast(found, Type::integer, node)) return 0;
  return found.number;
}

std::string_view CesqlEvaluator::string(const CesqlNode& node) noexcept {
  Value found = value(node);
  if (failed_ || !cast(found, Type::string, node)) return {};
  return found.text;
}

std::int32_t CesqlEvaluator::integer_value(const CesqlNode& node) noexcept {
  const std::int64_t left = integer(tree_.child(node, 0));
  const std::int64_t right = node.child_count > 1 && !failed_ ? integer(tree_.child(node, 1)) : 0;
  if (failed_) return 0;
  std::int64_t result = 0;
  switch (node.op) {
    case CesqlOp::negate:
      result = -left;
      break;
    case CesqlOp::multiply:
      result = left * right;
      break;
    case CesqlOp::add:
      result = left + right;
      break;
    case CesqlOp::subtract:
      result = left - right;
      break;
    default:
      if (right == 0) {
        fail(Kind::math, node, "division by zero");
        return 0;
      }
      result = node.op == CesqlOp::divide ? left / right : left % right;
  }
  if (result < kLowest || result > kHighest) {
    fail(Kind::math, node, "the result is out of an Integer's 32 bits");
    return 0;
  }
  return static_cast<std::int32_t>(result);
}

Value CesqlEvaluator::attribute(const CesqlNode& node) noexcept {
  const auto found = event_.find(tree_.texts[node.index]);
  if (found) return value_of(*found);
  fail(Kind::missing_attribute, node, {});
  return Value::zero(Type::any);
}

Value CesqlEvaluator::call(const CesqlNode& node) noexcept {
  constexpr std::size_t kFew = 4;
  if (node.child_count <= kFew) {
    std::array<Value, kFew> few;
    return call_with(node, std::span(few).first(node.child_count));
  }
  auto* const room = arena_.take<Value>(node.child_count);
  if (room == nullptr) {
    fail(Kind::generic, node, "the call has too many arguments");
    return Value::zero(node.type);
  }
  return call_with(node, {room, node.child_count});
}

Value CesqlEvaluator::call_with(const CesqlNode& node, std::span<Value> arguments) noexcept {
  const CesqlFunction& function = *tree_.functions[node.index];
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const CesqlNode& child = tree_.child(node, i);
    const Type type = i < function.parameters.size() ? function.parameters[i] : *function.rest;
    arguments[i] = value(child);
    if (failed_ || (type != Type::any && !cast(arguments[i], type, child))) {
      return Value::zero(node.type);
    }
  }
  CesqlCall call(arguments, arena_);
  const Value result = function.call(call);
  if (call.failed()) fail(call.kind(), node, call.detail());
  return result.type == node.type ? result : Value::zero(node.type);
}

// A value that cannot be cast counts as false, and its negation is true; so does an Integer, which
// the conformance tests want to be an error here and nowhere else.
bool CesqlEvaluator::logical_not(const CesqlNode& node) noexcept {
  const CesqlNode& child = tree_.child(node, 0);
  if (child.type == Type::boolean) return !boolean_value(child) && !failed_;
  Value found = value(child);
  if (failed_) return false;
  if (found.type == Type::integer) {
    wanted_ = Type::boolean;
    fail(Kind::cast, child, digits_of(found.number));
    return true;
  }
  return !cast(found, Type::boolean, child) || !found.boolean();
}

// AND and OR: the first operand that is `stop_at` decides.
bool CesqlEvaluator::all(const CesqlNode& node, bool stop_at) noexcept {
  for (const std::uint32_t child : tree_.children_of(node)) {
    const bool found = boolean(tree_.nodes[child]);
    if (failed_) return false;
    if (found == stop_at) return stop_at;
  }
  return !stop_at;
}

bool CesqlEvaluator::exclusive(const CesqlNode& node) noexcept {
  bool odd = false;
  for (const std::uint32_t child : tree_.children_of(node)) {
    odd ^= boolean(tree_.nodes[child]);
    if (failed_) return false;
  }
  return odd;
}

// The right operand says as what both are compared (section 3.7).
bool CesqlEvaluator::are_equal(const CesqlNode& node) noexcept {
  const CesqlNode& left_node = tree_.child(node, 0);
  Value left = value(left_node);
  if (failed_) return false;
  const Value right = value(tree_.child(node, 1));
  if (failed_ || !cast(left, right.type, left_node)) return false;
  return (left == right) == (node.op == CesqlOp::equal);
}

bool CesqlEvaluator::compare(const CesqlNode& node) noexcept {
  const std::int32_t left = integer(tree_.child(node, 0));
  if (failed_) return false;
  const std::int32_t right = integer(tree_.child(node, 1));
  if (failed_) return false;
  switch (node.op) {
    case CesqlOp::less:
      return left < right;
    case CesqlOp::less_equal:
      return left <= right;
    case CesqlOp::greater:
      return left > right;
    default:
      return left >= right;
  }
}

// What is looked for says as what each element is compared (section 3.7).
bool CesqlEvaluator::is_in(const CesqlNode& node) noexcept {
  const Value wanted = value(tree_.child(node, 0));
  if (failed_) return false;
  const bool negated = node.op == CesqlOp::not_in;
  for (const std::uint32_t child : tree_.children_of(node).subspan(1)) {
    Value element = value(tree_.nodes[child]);
    if (failed_ || !cast(element, wanted.type, tree_.nodes[child])) return false;
    if (element == wanted) return !negated;
  }
  return negated;
}

bool CesqlEvaluator::is_like(const CesqlNode& node) noexcept {
  const std::string_view text = string(tree_.child(node, 0));
  if (failed_) return false;
  return tree_.patterns[node.index].matches(text) == (node.op == CesqlOp::like);
}

CesqlError CesqlEvaluator::error() const {
  CesqlError error{kind_, std::string(detail_), column_of(tree_.source, blamed_->at)};
  if (kind_ == Kind::cast && wanted_ != Type::any) {
    error.detail = in_quotes(detail_) + " is no " + std::string(to_string(wanted_));
  } else if (kind_ == Kind::missing_attribute) {
    error.detail = "the event has no attribute '" + tree_.texts[blamed_->index] + "'";
  } else if (kind_ == Kind::missing_function) {
    error.detail = tree_.texts[blamed_->index];
  }
  return error;
}

}  // namespace sluice
