#pragma once

#include "filter/cesql/token.h"
#include "filter/cesql/tree.h"

#include <optional>

namespace sluice {

/// An operator between or behind operands, and how tightly it binds.
struct CesqlOperator {
  static constexpr int kLoosest = 1;
  static constexpr int kIn = 4;
  static constexpr int kLike = 5;

  CesqlOp op;
  int level;
};

/// nullopt for what is no such operator. The levels are those of section 3.6.
[[nodiscard]] inline std::optional<CesqlOperator> cesql_operator(CesqlToken::Kind kind) noexcept {
  using Kind = CesqlToken::Kind;
  switch (kind) {
    case Kind::equal:
      return CesqlOperator{CesqlOp::equal, CesqlOperator::kLoosest};
    case Kind::not_equal:
      return CesqlOperator{CesqlOp::not_equal, CesqlOperator::kLoosest};
    case Kind::less:
      return CesqlOperator{CesqlOp::less, CesqlOperator::kLoosest};
    case Kind::less_equal:
      return CesqlOperator{CesqlOp::less_equal, CesqlOperator::kLoosest};
    case Kind::greater:
      return CesqlOperator{CesqlOp::greater, CesqlOperator::kLoosest};
    case Kind::greater_equal:
      return CesqlOperator{CesqlOp::greater_equal, CesqlOperator::kLoosest};
    case Kind::plus:
      return CesqlOperator{CesqlOp::add, 2};
    case Kind::minus:
      return CesqlOperator{CesqlOp::subtract, 2};
    case Kind::star:
      return CesqlOperator{CesqlOp::multiply, 3};
    case Kind::slash:
      return CesqlOperator{CesqlOp::divide, 3};
    case Kind::percent:
      return CesqlOperator{CesqlOp::modulo, 3};
    case Kind::keyword_in:
      return CesqlOperator{CesqlOp::in, CesqlOperator::kIn};
    case Kind::keyword_like:
      return CesqlOperator{CesqlOp::like, CesqlOperator::kLike};
    default:
      return std::nullopt;
  }
}

/// AND, OR and XOR, which bind less than all of those.
[[nodiscard]] inline std::optional<CesqlOp> cesql_logic(CesqlToken::Kind kind) noexcept {
  using Kind = CesqlToken::Kind;
  if (kind == Kind::keyword_and) return CesqlOp::logical_and;
  if (kind == Kind::keyword_or) return CesqlOp::logical_or;
  if (kind == Kind::keyword_xor) return CesqlOp::logical_xor;
  return std::nullopt;
}

}  // namespace sluice
