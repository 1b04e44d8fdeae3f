#pragma once

#include "filter/cesql/tree.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Where a node stands, and what its own errors are blamed on: bytes of the source.
struct CesqlSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t at = 0;
};

/// Makes the nodes of a tree, children first. A node is named by its index.
class CesqlTreeBuilder {
 public:
  using Id = std::uint32_t;

  CesqlTreeBuilder(std::string_view source, const CesqlFunctions& functions)
      : functions_(functions) {
    tree_.source = source;
  }

  Id boolean(CesqlSpan span, bool value);
  Id integer(CesqlSpan span, std::int32_t value);
  Id string(CesqlSpan span, std::string value);
  Id attribute(CesqlSpan span);
  Id exists(CesqlSpan span, std::string_view name);
  Id like(CesqlSpan span, CesqlOp op, Id operand, std::string_view pattern);
  Id call(CesqlSpan span, std::string_view name, const std::vector<Id>& arguments);
  Id operation(CesqlSpan span, CesqlOp op, const std::vector<Id>& operands);

  /// Levels of nodes below and with this one.
  [[nodiscard]] std::size_t depth(Id node) const noexcept { return depths_[node]; }
  [[nodiscard]] const CesqlNode& at(Id node) const noexcept { return tree_.nodes[node]; }
  /// `node` has parentheses around it, which belong to its text.
  void enclose(Id node, std::uint32_t begin, std::uint32_t end) noexcept;

  [[nodiscard]] CesqlTree take() noexcept { return std::move(tree_); }

 private:
  Id add(CesqlSpan span, CesqlOp op, CesqlType type, const std::vector<Id>& children = {});
  [[nodiscard]] std::uint32_t text(std::string value);
  [[nodiscard]] std::string unknown_function(std::string_view name, std::size_t count) const;

  const CesqlFunctions& functions_;
  CesqlTree tree_;
  std::vector<std::uint16_t> depths_;
};

}  // namespace sluice
