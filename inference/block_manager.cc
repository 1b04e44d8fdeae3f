#include "inference/block_manager.h"

#include "inference/assert.h"

#include <algorithm>

namespace sluice::inference {

std::size_t BlockPool::KeyHash::operator()(const Key& key) const noexcept {
  // Any mixing will do, as keys are compared; this one is the finaliser of SplitMix64.
  std::uint64_t hash = static_cast<std::uint32_t>(key.previous);
  for (const TokenId token : key.tokens) {
    hash = (hash ^ static_cast<std::uint32_t>(token)) + 0x9E3779B97F4A7C15;
    hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
    hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
    hash ^= hash >> 31;
  }
  return static_cast<std::size_t>(hash);
}

BlockPool::BlockPool(std::int64_t num_blocks, bool prefix_cache)
    : num_blocks_(num_blocks), prefix_cache_(prefix_cache) {
  INFERENCE_ASSERT(num_blocks > 0);
  blocks_.resize(static_cast<std::size_t>(num_blocks));
  index_.reserve(static_cast<std::size_t>(num_blocks));  // Never rehashed: iterators into it stay.
  for (std::int64_t i = num_blocks; i > 0; --i) unused_.push_back(static_cast<KvBlock>(i - 1));
}

BlockPool::Key BlockPool::key_of(const BlockTable& table, std::span<const TokenId> tokens,
                                 std::int64_t index) {
  Key key;
  if (index > 0) key.previous = table.blocks[static_cast<std::size_t>(index) - 1];
  std::ranges::copy(
      tokens.subspan(static_cast<std::size_t>(index * kKvBlockTokens), kKvBlockTokens),
      key.tokens.begin());
  return key;
}

std::vector<KvBlock> BlockPool::find(const BlockTable& table, std::span<const TokenId> tokens) {
  const std::int64_t limit = (std::ssize(tokens) - 1) / kKvBlockTokens;
  BlockTable chain;
  chain.blocks = table.blocks;
  while (std::ssize(chain.blocks) < limit) {
    const auto hit = index_.find(key_of(chain, tokens, std::ssize(chain.blocks)));
    if (hit == index_.end()) break;
    chain.blocks.push_back(hit->second);
  }
  return {chain.blocks.begin() + std::ssize(table.blocks), chain.blocks.end()};
}

bool BlockPool::admit(BlockTable& table, std::span<const TokenId> tokens, std::int64_t num_tokens) {
  INFERENCE_ASSERT(table.blocks.empty() && table.num_reserved == 0);
  INFERENCE_ASSERT(num_tokens >= std::ssize(tokens));
  const auto hits = find(table, tokens);
  // A cached block that nobody else uses is room as well, and is taken; one in use costs nothing.
  const std::int64_t shared =
      std::ranges::count_if(hits, [this](KvBlock block) { return at(block).references > 0; });
  const std::int64_t needed = blocks_for(num_tokens) - shared;
  if (needed > num_unused() + num_cached() - num_reserved_) return false;
  table.num_reserved = blocks_for(num_tokens);
  num_reserved_ += table.num_reserved;
  adopt(table, tokens);
  return true;
}

std::int64_t BlockPool::adopt(BlockTable& table, std::span<const TokenId> tokens) {
  if (table.num_cached != std::ssize(table.blocks)) return 0;
  const auto hits = find(table, tokens);
  for (const KvBlock block : hits) {
    refer(block);
    table.blocks.push_back(block);
  }
  const std::int64_t count = std::ssize(hits);
  INFERENCE_ASSERT(count <= table.num_reserved);
  table.num_cached += count;
  table.num_reserved -= count;
  num_reserved_ -= count;
  return count;
}

void BlockPool::grow(BlockTable& table, std::int64_t num_tokens) {
  while (std::ssize(table.blocks) < blocks_for(num_tokens)) {
    INFERENCE_ASSERT(table.num_reserved > 0);
    --table.num_reserved;
    --num_reserved_;
    table.blocks.push_back(take());
  }
}

void BlockPool::commit(BlockTable& table, std::span<const TokenId> tokens) {
  if (!prefix_cache_) return;
  for (; table.num_cached < std::ssize(tokens) / kKvBlockTokens; ++table.num_cached) {
    KvBlock& own = table.blocks[static_cast<std::size_t>(table.num_cached)];
    const auto [entry, is_new] = index_.try_emplace(key_of(table, tokens, table.num_cached), own);
    if (is_new) {
      at(own).cached = true;
      at(own).key = entry;
      if (entry->first.previous != kNone) ++at(entry->first.previous).followers;
    } else {
      refer(entry->second);
      unrefer(own);
      own = entry->second;
    }
  }
}

void BlockPool::release(BlockTable& table) {
  // From the end, so that the end of a chain is evicted before what it goes on from.
  while (!table.blocks.empty()) {
    unrefer(table.blocks.back());
    table.blocks.pop_back();
  }
  num_reserved_ -= table.num_reserved;
  table = {};
}

void BlockPool::forget() {
  INFERENCE_ASSERT(num_used() == 0 && num_reserved_ == 0);
  while (!idle_.empty()) evict(idle_.front());
}

void BlockPool::refer(KvBlock block) {
  if (at(block).references++ == 0) idle_.erase(at(block).idle);
}

void BlockPool::unrefer(KvBlock block) {
  Block& state = at(block);
  INFERENCE_ASSERT(state.references > 0);
  if (--state.references > 0) return;
  if (state.cached) {
    state.idle = idle_.insert(idle_.end(), block);
  } else {
    unused_.push_back(block);
  }
}

KvBlock BlockPool::take() {
  if (unused_.empty()) {
    INFERENCE_ASSERT(!idle_.empty());
    evict(idle_.front());
  }
  const KvBlock block = unused_.back();
  unused_.pop_back();
  at(block).references = 1;
  return block;
}

void BlockPool::evict(KvBlock block) {
  Block& state = at(block);
  // Whoever refers to a block refers to those before it, and has released it before them.
  INFERENCE_ASSERT(state.followers == 0);
  if (state.key->first.previous != kNone) --at(state.key->first.previous).followers;
  index_.erase(state.key);
  idle_.erase(state.idle);
  state.cached = false;
  unused_.push_back(block);
}

}  // namespace sluice::inference
