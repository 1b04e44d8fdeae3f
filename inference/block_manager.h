#pragma once

#include "inference/backend.h"
#include "inference/token.h"

#include <array>
#include <cstdint>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::inference {

/// The blocks of one generation: block i holds the positions from i * kKvBlockTokens. Filled by
/// BlockPool only, and given back to it.
struct BlockTable {
  std::vector<KvBlock> blocks;
  std::int64_t num_cached = 0;    ///< Leading blocks that are in the prefix cache: full, read only.
  std::int64_t num_reserved = 0;  ///< Blocks it may still take, without asking again.
};

/// How many blocks hold `num_tokens` positions.
[[nodiscard]] constexpr std::int64_t blocks_for(std::int64_t num_tokens) noexcept {
  return (num_tokens + kKvBlockTokens - 1) / kKvBlockTokens;
}

/// Who has which block of the KV cache, and which blocks can be used again.
///
/// A full block is found again by its place in a chain: the block before it and its own tokens,
/// compared whole, so that a collision of hashes cannot give a generation foreign keys and values.
/// Two generations with the same beginning share blocks; a block that is not full is never shared.
/// Blocks that nobody refers to stay in the prefix cache until their room is needed; then the one
/// released first goes first, and of one chain the end before the beginning.
///
/// Room is promised at admission, for the worst case: nothing that follows can fail. Used by one
/// thread at a time.
class BlockPool {
 public:
  explicit BlockPool(std::int64_t num_blocks, bool prefix_cache = true);

  /// Promises `table`, which is empty, room for `num_tokens` positions, and puts in what the cache
  /// has of `tokens`. False, and nothing is changed, when there is no room.
  [[nodiscard]] bool admit(BlockTable& table, std::span<const TokenId> tokens,
                           std::int64_t num_tokens);

  /// Puts in what has come into the cache since, where `table` ends with a cached block. Of
  /// `tokens` the last is always left to be computed: its logits are wanted.
  /// Returns how many blocks that were.
  std::int64_t adopt(BlockTable& table, std::span<const TokenId> tokens);

  /// Takes blocks, of those promised, for the positions below `num_tokens`.
  void grow(BlockTable& table, std::int64_t num_tokens);

  /// Puts the full blocks of the computed `tokens` into the cache. Where the cache has such a block
  /// already, `table` changes over to it.
  void commit(BlockTable& table, std::span<const TokenId> tokens);

  /// Gives all back; `table` is empty then.
  void release(BlockTable& table);

  /// Empties the prefix cache: what the blocks hold is lost. No table holds any then.
  void forget();

  [[nodiscard]] std::int64_t num_blocks() const noexcept { return num_blocks_; }
  /// Referred to by tables.
  [[nodiscard]] std::int64_t num_used() const noexcept {
    return num_blocks_ - num_unused() - num_cached();
  }
  /// In the prefix cache, and in no table.
  [[nodiscard]] std::int64_t num_cached() const noexcept {
    return static_cast<std::int64_t>(idle_.size());
  }
  /// Holding nothing.
  [[nodiscard]] std::int64_t num_unused() const noexcept {
    return static_cast<std::int64_t>(unused_.size());
  }
  /// Promised and not taken yet.
  [[nodiscard]] std::int64_t num_reserved() const noexcept { return num_reserved_; }

 private:
  struct Key {
    KvBlock previous = kNone;
    std::array<TokenId, kKvBlockTokens> tokens{};
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    [[nodiscard]] std::size_t operator()(const Key& key) const noexcept;
  };
  using Index = std::unordered_map<Key, KvBlock, KeyHash>;

  struct Block {
    std::int64_t references = 0;  ///< Tables that have it.
    std::int64_t followers = 0;   ///< Cached blocks whose chain goes on from here.
    Index::iterator key;          ///< Valid while `cached`.
    bool cached = false;
    std::list<KvBlock>::iterator idle;  ///< Valid while it is cached and has no references.
  };
  static constexpr KvBlock kNone = -1;

  [[nodiscard]] Block& at(KvBlock block) { return blocks_[static_cast<std::size_t>(block)]; }
  [[nodiscard]] static Key key_of(const BlockTable& table, std::span<const TokenId> tokens,
                                  std::int64_t index);
  [[nodiscard]] std::vector<KvBlock> find(const BlockTable& table, std::span<const TokenId> tokens);
  void refer(KvBlock block);
  void unrefer(KvBlock block);
  [[nodiscard]] KvBlock take();
  void evict(KvBlock block);

  std::int64_t num_blocks_;
  bool prefix_cache_;
  std::int64_t num_reserved_ = 0;
  std::vector<Block> blocks_;
  std::vector<KvBlock> unused_;
  std::list<KvBlock> idle_;  ///< Cached, no references; the next to go first.
  Index index_;
};

}  // namespace sluice::inference
