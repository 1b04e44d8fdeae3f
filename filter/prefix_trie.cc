#include "filter/prefix_trie.h"

#include "base/assert.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {
namespace {

using At = PrefixTrie::At;

unsigned char first_of(std::string_view text, At end) noexcept {
  return static_cast<unsigned char>(end == At::front ? text.front() : text.back());
}

/// The `size` bytes of `text` that are read first.
std::string_view taken(std::string_view text, std::size_t size, At end) noexcept {
  return end == At::front ? text.substr(0, size) : text.substr(text.size() - size);
}

/// What is left of `text` without them.
std::string_view dropped(std::string_view text, std::size_t size, At end) noexcept {
  return end == At::front ? text.substr(size) : text.substr(0, text.size() - size);
}

/// How many bytes both have in common at that end.
std::size_t shared_size(std::string_view a, std::string_view b, At end) noexcept {
  const auto shared =
      end == At::front
          ? std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin()
          : std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin();
  return static_cast<std::size_t>(shared);
}

/// Where the branch that begins with `first` is, or belongs.
auto find_branch(auto& branches, unsigned char first) noexcept {
  return std::ranges::lower_bound(branches, first, {}, [](const auto& b) { return b.first; });
}

}  // namespace

PrefixTrie::~PrefixTrie() {
  // By itself each node would destroy those below it in a recursion as deep as keys are nested.
  std::vector<Branch> open = std::move(root_.branches);
  while (!open.empty()) {
    const std::unique_ptr<Node> node = std::move(open.back().node);
    open.pop_back();
    std::ranges::move(node->branches, std::back_inserter(open));
  }
}

/// The node below `node` that leads on along `rest`, which loses what that node stands for; null
/// where there is none.
const PrefixTrie::Node* PrefixTrie::step(const Node& node, std::string_view& rest) const noexcept {
  if (rest.empty()) return nullptr;
  const unsigned char first = first_of(rest, end_);
  const auto branch = find_branch(node.branches, first);
  if (branch == node.branches.end() || branch->first != first) return nullptr;
  const Node& below = *branch->node;
  const std::size_t size = below.label.size();
  if (size > 1 && (size > rest.size() || taken(rest, size, end_) != below.label)) return nullptr;
  rest = dropped(rest, size, end_);
  return &below;
}

std::optional<PrefixTrie::Value> PrefixTrie::find(std::string_view key) const noexcept {
  const Node* node = &root_;
  while (node != nullptr && !key.empty()) node = step(*node, key);
  return node != nullptr ? node->value : std::nullopt;
}

void PrefixTrie::insert(std::string_view key, Value value) {
  Node* node = &root_;
  while (!key.empty()) {
    const auto branch = find_branch(node->branches, first_of(key, end_));
    if (branch == node->branches.end() || branch->first != first_of(key, end_)) {
      auto leaf = std::make_unique<Node>();
      ++nodes_;
      Node* const added = leaf.get();
      leaf->label = key;
      add_branch(*node, std::move(leaf));
      node = added;
      break;
    }
    node = branch->node.get();
    const std::size_t shared = shared_size(key, node->label, end_);
    if (shared < node->label.size()) split(*node, shared);
    key = dropped(key, shared, end_);
  }
  SLUICE_ASSERT(!node->value);
  node->value = value;
  ++size_;
}

void PrefixTrie::erase(std::string_view key) {
  Node* above = nullptr;
  Node* node = &root_;
  while (!key.empty()) {
    const auto branch = find_branch(node->branches, first_of(key, end_));
    SLUICE_ASSERT(branch != node->branches.end() && branch->first == first_of(key, end_));
    above = std::exchange(node, branch->node.get());
    SLUICE_ASSERT(shared_size(key, node->label, end_) == node->label.size());
    key = dropped(key, node->label.size(), end_);
  }
  SLUICE_ASSERT(node->value);
  node->value.reset();
  --size_;
  if (above == nullptr) return;
  if (!node->branches.empty()) return absorb_only_branch(*node);
  above->branches.erase(find_branch(above->branches, first_of(node->label, end_)));
  --nodes_;
  if (above != &root_) absorb_only_branch(*above);
}

void PrefixTrie::add_branch(Node& node, std::unique_ptr<Node> below) {
  // Exactly so much room: most nodes never get another branch.
  node.branches.reserve(node.branches.size() + 1);
  const unsigned char first = first_of(below->label, end_);
  node.branches.insert(find_branch(node.branches, first), Branch{first, std::move(below)});
}

/// Cuts `node` in two: itself with the first `size` bytes of its label, and one below with the rest
/// and all that it had.
void PrefixTrie::split(Node& node, std::size_t size) {
  auto below = std::make_unique<Node>();
  ++nodes_;
  below->label = dropped(node.label, size, end_);
  below->branches = std::exchange(node.branches, {});
  below->value = std::exchange(node.value, std::nullopt);
  node.label = std::string(taken(node.label, size, end_));
  add_branch(node, std::move(below));
}

/// The reverse, where nothing needs `node` by itself.
void PrefixTrie::absorb_only_branch(Node& node) {
  if (node.value || node.branches.size() != 1) return;
  const std::unique_ptr<Node> below = std::move(node.branches.front().node);
  --nodes_;
  node.label = end_ == At::front ? node.label + below->label : below->label + node.label;
  node.branches = std::move(below->branches);
  node.value = below->value;
}

}  // namespace sluice
