#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Finds which of many keys a text begins with, or ends with, in one walk along the text: the cost
/// depends on the text's length and not on how many keys there are, or how many lengths of them.
///
/// A radix tree over bytes in which every path without a branch is one node, so n keys make fewer
/// than 2 n nodes. A key may be empty, and of any length: nothing recurses. Not thread safe.
class PrefixTrie {
 public:
  using Value = std::uint32_t;
  enum class At : bool { front, back };  ///< Which end of a text the keys are compared with.

  explicit PrefixTrie(At end) noexcept : end_(end) {}
  ~PrefixTrie();
  PrefixTrie(PrefixTrie&&) = delete;

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }  ///< Keys.
  [[nodiscard]] std::size_t nodes() const noexcept { return nodes_; }

  [[nodiscard]] std::optional<Value> find(std::string_view key) const noexcept;

  /// `key` must be new.
  void insert(std::string_view key, Value value);

  /// `key` must be there.
  void erase(std::string_view key);

  /// Calls `visit(Value)` for every key at that end of `text`, the shortest first. Allocates
  /// nothing.
  template <typename Visit>
  void for_each_match(std::string_view text, Visit&& visit) const {
    for (const Node* node = &root_; node != nullptr; node = step(*node, text)) {
      if (node->value) visit(*node->value);
    }
  }

 private:
  struct Node;
  struct Branch {
    unsigned char first;  // Of the node's label, so that looking for it touches no other node.
    std::unique_ptr<Node> node;
  };
  struct Node {
    std::string label;  // What stands between the parent's end and this node's, as in the text.
    std::vector<Branch> branches;  // By `first`; never one alone, save under a value or the root.
    std::optional<Value> value;    // Of the key that ends here.
  };

  [[nodiscard]] const Node* step(const Node& node, std::string_view& rest) const noexcept;
  void add_branch(Node& node, std::unique_ptr<Node> below);
  void split(Node& node, std::size_t size);
  void absorb_only_branch(Node& node);

  const At end_;
  Node root_;
  std::size_t size_ = 0;
  std::size_t nodes_ = 1;
};

}  // namespace sluice
