#include "filter/cesql/tree_builder.h"

#include "base/edit_distance.h"
#include "base/utf8.h"

#include <algorithm>

namespace sluice {
namespace {

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

CesqlType type_of(CesqlOp op) noexcept {
  switch (op) {
    case CesqlOp::negate:
    case CesqlOp::multiply:
    case CesqlOp::divide:
    case CesqlOp::modulo:
    case CesqlOp::add:
    case CesqlOp::subtract:
      return CesqlType::integer;
    default:
      return CesqlType::boolean;
  }
}

}  // namespace

CesqlTreeBuilder::Id CesqlTreeBuilder::add(CesqlSpan span, CesqlOp op, CesqlType type,
                                           const std::vector<Id>& children) {
  CesqlNode node;
  node.op = op;
  node.type = type;
  node.begin = span.begin;
  node.end = span.end;
  node.at = span.at;
  node.first_child = static_cast<std::uint32_t>(tree_.children.size());
  node.child_count = static_cast<std::uint32_t>(children.size());
  std::size_t below = 0;
  for (const Id child : children) {
    tree_.children.push_back(child);
    below = std::max<std::size_t>(below, depths_[child]);
  }
  tree_.nodes.push_back(node);
  depths_.push_back(static_cast<std::uint16_t>(below + 1));
  return static_cast<Id>(tree_.nodes.size() - 1);
}

std::uint32_t CesqlTreeBuilder::text(std::string value) {
  constexpr std::size_t kFew = 32;  // Among which it is worth looking.
  if (tree_.texts.size() <= kFew) {
    const auto it = std::ranges::find(tree_.texts, value);
    if (it != tree_.texts.end()) return static_cast<std::uint32_t>(it - tree_.texts.begin());
  }
  tree_.texts.push_back(std::move(value));
  return static_cast<std::uint32_t>(tree_.texts.size() - 1);
}

CesqlTreeBuilder::Id CesqlTreeBuilder::boolean(CesqlSpan span, bool value) {
  const Id id = add(span, CesqlOp::literal, CesqlType::boolean);
  tree_.nodes[id].number = value ? 1 : 0;
  return id;
}

CesqlTreeBuilder::Id CesqlTreeBuilder::integer(CesqlSpan span, std::int32_t value) {
  const Id id = add(span, CesqlOp::literal, CesqlType::integer);
  tree_.nodes[id].number = value;
  return id;
}

CesqlTreeBuilder::Id CesqlTreeBuilder::string(CesqlSpan span, std::string value) {
  const Id id = add(span, CesqlOp::literal, CesqlType::string);
  tree_.nodes[id].index = text(std::move(value));
  return id;
}

CesqlTreeBuilder::Id CesqlTreeBuilder::attribute(CesqlSpan span) {
  const std::string_view name =
      std::string_view(tree_.source).substr(span.begin, span.end - span.begin);
  const std::uint32_t index = text(lower(name));
  const Id id = add(span, CesqlOp::attribute, CesqlType::any);
  tree_.nodes[id].index = index;
  return id;
}

CesqlTreeBuilder::Id CesqlTreeBuilder::exists(CesqlSpan span, std::string_view name) {
  const Id id = add(span, CesqlOp::exists, CesqlType::boolean);
  tree_.nodes[id].index = text(lower(name));
  return id;
}

CesqlTreeBuilder::Id CesqlTreeBuilder::like(CesqlSpan span, CesqlOp op, Id operand,
                                            std::string_view pattern) {
  const Id id = add(span, op, CesqlType::boolean, {operand});
  tree_.nodes[id].index = static_cast<std::uint32_t>(tree_.patterns.size());
  tree_.patterns.emplace_back(pattern);
  return id;
}

CesqlTreeBuilder::Id CesqlTreeBuilder::call(CesqlSpan span, std::string_view name,
                                            const std::vector<Id>& arguments) {
  const CesqlFunction* const function = functions_.find(name, arguments.size());
  if (function == nullptr) {
    const Id id = add(span, CesqlOp::unknown_call, CesqlType::boolean, arguments);
    tree_.nodes[id].index = text(unknown_function(name, arguments.size()));
    return id;
  }
  const Id id = add(span, CesqlOp::call, function->result, arguments);
  tree_.nodes[id].index = static_cast<std::uint32_t>(tree_.functions.size());
  tree_.functions.push_back(function);
  return id;
}

std::string CesqlTreeBuilder::unknown_function(std::string_view name, std::size_t count) const {
  const auto named = functions_.named(name);
  if (named.empty()) {
    std::string detail = "there is no function " + in_quotes(name);
    const auto known = functions_.names();
    if (const auto near = nearest(name, known))
      detail += "; did you mean " + std::string(*near) + "?";
    return detail;
  }
  std::string wants;
  for (const CesqlFunction* const function : named) {
    wants += (wants.empty() ? "" : " or ") + std::to_string(function->parameters.size());
    if (function->rest) wants += " and more";
  }
  return named.front()->name + " wants " + wants + (wants == "1" ? " argument" : " arguments") +
         ", not " + std::to_string(count);
}

CesqlTreeBuilder::Id CesqlTreeBuilder::operation(CesqlSpan span, CesqlOp op,
                                                 const std::vector<Id>& operands) {
  return add(span, op, type_of(op), operands);
}

void CesqlTreeBuilder::enclose(Id node, std::uint32_t begin, std::uint32_t end) noexcept {
  tree_.nodes[node].in_parentheses = true;
  tree_.nodes[node].begin = begin;
  tree_.nodes[node].end = end;
}

}  // namespace sluice
