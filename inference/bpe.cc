#include "inference/bpe.h"

#include "inference/assert.h"

#include <algorithm>
#include <array>
#include <bit>
#include <queue>

namespace sluice::inference {
namespace {

constexpr std::size_t kShort = 40;  // Up to here, looking at all pairs beats a heap.

std::size_t hash_of(TokenId left, TokenId right) noexcept {
  const std::uint64_t key =
      std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> 24);
}

}  // namespace

BpeMerges::BpeMerges(std::size_t count) : slots_(std::bit_ceil(2 * count + 1)) {}

std::size_t BpeMerges::index_of(TokenId left, TokenId right) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_of(left, right) & mask;
  while (slots_[at].rank != kNone && (slots_[at].left != left || slots_[at].right != right)) {
    at = (at + 1) & mask;
  }
  return at;
}

bool BpeMerges::add(TokenId left, TokenId right, TokenId merged) {
  INFERENCE_ASSERT(2 * std::size_t{count_} < slots_.size());
  Slot& slot = slots_[index_of(left, right)];
  if (slot.rank != kNone) return false;
  slot = {left, right, count_++, merged};
  return true;
}

std::size_t BpeMerges::merge(std::span<TokenId> tokens) const {
  if (tokens.size() < 2) return tokens.size();
  return tokens.size() <= kShort ? merge_short(tokens) : merge_long(tokens);
}

std::size_t BpeMerges::merge_short(std::span<TokenId> tokens) const noexcept {
  std::array<std::uint32_t, kShort> ranks;  // ranks[i]: of tokens[i] and tokens[i + 1].
  std::array<TokenId, kShort> merged;
  std::size_t size = tokens.size();
  const auto look_up = [&](std::size_t i) {
    const Slot& slot = find(tokens[i], tokens[i + 1]);
    ranks[i] = slot.rank;
    merged[i] = slot.merged;
  };
  for (std::size_t i = 0; i + 1 < size; ++i) look_up(i);
  while (size > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < size; ++i) {
      if (ranks[i] < ranks[best]) best = i;
    }
    if (ranks[best] == kNone) break;
    tokens[best] = merged[best];
    --size;
    for (std::size_t i = best + 1; i < size; ++i) tokens[i] = tokens[i + 1];
    for (std::size_t i = best + 1; i + 1 < size; ++i) {
      ranks[i] = ranks[i + 1];
      merged[i] = merged[i + 1];
    }
    if (best > 0) look_up(best - 1);
    if (best + 1 < size) look_up(best);
  }
  return size;
}

std::size_t BpeMerges::merge_long(std::span<TokenId> tokens) const {
  INFERENCE_ASSERT(tokens.size() < kNone);
  struct Node {
    std::uint32_t previous, next;  // kNone: there is none.
    std::uint32_t rank;            // Of this token and the next.
    TokenId merged;
  };
  const auto size = static_cast<std::uint32_t>(tokens.size());
  std::vector<Node> nodes(size);
  using Candidate = std::uint64_t;  // The rank, then the place: what comes first is the smallest.
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto look_up = [&](std::uint32_t i) {
    Node& node = nodes[i];
    node.rank = kNone;
    if (node.next == kNone) return;
    const Slot& slot = find(tokens[i], tokens[node.next]);
    node.rank = slot.rank;
    node.merged = slot.merged;
    if (slot.rank != kNone) queue.push(Candidate{slot.rank} << 32 | i);
  };
  for (std::uint32_t i = 0; i < size; ++i) {
    nodes[i].previous = i == 0 ? kNone : i - 1;
    nodes[i].next = i + 1 == size ? kNone : i + 1;
  }
  for (std::uint32_t i = 0; i < size; ++i) look_up(i);
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const auto at = static_cast<std::uint32_t>(best);
    Node& node = nodes[at];
    if (node.rank != best >> 32) continue;  // One of the two has changed since.
    tokens[at] = node.merged;
    Node& gone = nodes[node.next];
    gone.rank = kNone;
    node.next = gone.next;
    if (node.next != kNone) nodes[node.next].previous = at;
    look_up(at);
    if (node.previous != kNone) look_up(node.previous);
  }
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i != kNone; i = nodes[i].next) tokens[kept++] = tokens[i];
  return kept;
}

}  // namespace sluice::inference
