#include "filter/cesql_pins.h"

#include "filter/pins.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace sluice {
namespace {

using PinSets = std::vector<PinSet>;

/// Whether an attribute that equals `text`, compared as whatever type it has, has `text` as its
/// string form: '05' equals the Integer 5, whose string form is another one.
bool is_canonical(std::string_view text) {
  if (const auto number = cesql_integer(text)) return std::to_string(*number) == text;
  if (cesql_boolean(text)) return text == "true" || text == "false";
  return !text.empty();
}

class Pins {
 public:
  explicit Pins(const CesqlTree& tree) : tree_(tree) {}

  PinSets of(const CesqlNode& node) const {
    switch (node.op) {
      case CesqlOp::logical_and:
        return all(node);
      case CesqlOp::logical_or:
        return any(node);
      case CesqlOp::equal:
        return equal(node);
      case CesqlOp::in:
        return in(node);
      case CesqlOp::like:
        return like(node);
      default:
        return {};
    }
  }

 private:
  PinSets all(const CesqlNode& node) const {
    PinSets sets;
    for (const std::uint32_t child : tree_.children_of(node)) {
      std::ranges::move(of(tree_.nodes[child]), std::back_inserter(sets));
    }
    return sets;
  }

  PinSets any(const CesqlNode& node) const {
    std::vector<PinSets> alternatives;
    for (const std::uint32_t child : tree_.children_of(node)) {
      alternatives.push_back(of(tree_.nodes[child]));
    }
    return pins_of_any(std::move(alternatives));
  }

  PinSets equal(const CesqlNode& node) const {
    const auto name = attribute(tree_.child(node, 0));
    const CesqlNode& right = tree_.child(node, 1);
    // A number or a boolean on the right is compared as such: '05' equals 5.
    if (!name || !tree_.is_string_literal(right)) return {};
    const std::string& value = tree_.texts[right.index];
    if (value.empty()) return {};
    return {{Pin{Pin::Kind::exact, *name, value}}};
  }

  PinSets in(const CesqlNode& node) const {
    const auto name = attribute(tree_.child(node, 0));
    if (!name) return {};
    PinSet set;
    for (const std::uint32_t child : tree_.children_of(node).subspan(1)) {
      const CesqlNode& element = tree_.nodes[child];
      if (!tree_.is_string_literal(element)) return {};
      const std::string& value = tree_.texts[element.index];
      if (!is_canonical(value)) return {};
      set.push_back({Pin::Kind::exact, *name, value});
    }
    return {std::move(set)};
  }

  PinSets like(const CesqlNode& node) const {
    const auto name = attribute(tree_.child(node, 0));
    if (!name) return {};
    const LikePattern& pattern = tree_.patterns[node.index];
    PinSets sets;
    const auto add = [&](Pin::Kind kind, std::string_view value) {
      if (!value.empty()) sets.push_back({Pin{kind, *name, std::string(value)}});
    };
    if (pattern.is_exact()) {
      add(Pin::Kind::exact, pattern.prefix());
    } else {
      add(Pin::Kind::prefix, pattern.prefix());
      add(Pin::Kind::suffix, pattern.suffix());
    }
    return sets;
  }

  std::optional<std::string> attribute(const CesqlNode& node) const {
    if (node.op != CesqlOp::attribute) return std::nullopt;
    return tree_.texts[node.index];
  }

  const CesqlTree& tree_;
};

}  // namespace

std::vector<PinSet> cesql_pins(const CesqlTree& tree) { return Pins(tree).of(tree.root()); }

}  // namespace sluice
