#pragma once

#include "filter/cesql/functions.h"
#include "filter/cesql/like_pattern.h"
#include "filter/cesql/value.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a node of an expression does. `type` of the node is the type of its value, `any` for an
/// attribute only.
enum class CesqlOp : std::uint8_t {
  literal,
  attribute,
  call,
  unknown_call,  ///< Of a function that is not there: false, with an error.
  logical_not,
  negate,
  like,
  not_like,
  exists,
  in,  ///< The first child is what is looked for.
  not_in,
  multiply,
  divide,
  modulo,
  add,
  subtract,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  logical_and,  ///< Of two operands or more, from left to right.
  logical_or,
  logical_xor,
};

/// One node. Its text is bytes [begin, end) of the source; an error of its own is blamed on `at`.
struct CesqlNode {
  CesqlOp op = CesqlOp::literal;
  CesqlType type = CesqlType::boolean;
  bool in_parentheses = false;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t at = 0;
  std::uint32_t first_child = 0;  ///< In `children` of the tree.
  std::uint32_t child_count = 0;
  std::uint32_t index = 0;  ///< Of its text, its pattern, its function; of what is said of a call
                            ///< of an unknown one, in `texts`.
  std::int32_t number = 0;  ///< Of a literal that is an integer or a boolean.
};

/// A parsed expression. Children stand before their parents; the last node is the root.
struct CesqlTree {
  std::string source;
  std::vector<CesqlNode> nodes;
  std::vector<std::uint32_t> children;
  std::vector<std::string> texts;  ///< String literals; attributes' names, in lower case.
  std::vector<LikePattern> patterns;
  std::vector<const CesqlFunction*> functions;

  [[nodiscard]] const CesqlNode& root() const noexcept { return nodes.back(); }
  [[nodiscard]] std::span<const std::uint32_t> children_of(const CesqlNode& node) const noexcept {
    return std::span(children).subspan(node.first_child, node.child_count);
  }
  [[nodiscard]] const CesqlNode& child(const CesqlNode& node, std::size_t i) const noexcept {
    return nodes[children[node.first_child + i]];
  }
  [[nodiscard]] std::string_view text_of(const CesqlNode& node) const noexcept {
    return std::string_view(source).substr(node.begin, node.end - node.begin);
  }
  [[nodiscard]] bool is_string_literal(const CesqlNode& node) const noexcept {
    return node.op == CesqlOp::literal && node.type == CesqlType::string;
  }
};

}  // namespace sluice
