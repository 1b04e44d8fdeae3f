#pragma once

#include "inference/token.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference {

/// The merges of a byte pair encoding: which two neighbours become which token, and in which order
/// of preference. Read by any number of threads once it is filled.
class BpeMerges {
 public:
  /// Makes room for `count` merges, at most 2^31 - 1.
  explicit BpeMerges(std::size_t count = 0);

  /// The next merge in order of preference; false where the pair has one already.
  [[nodiscard]] bool add(TokenId left, TokenId right, TokenId merged);

  /// Merges the neighbours in `tokens` until none can be, always the pair that was added first and
  /// of equal ones the leftmost. In place; returns how many tokens are left.
  /// O(n log n), whatever the tokens.
  [[nodiscard]] std::size_t merge(std::span<TokenId> tokens) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Slot {
    TokenId left = -1;
    TokenId right = -1;
    std::uint32_t rank = kNone;
    TokenId merged = -1;
  };

  /// Of the pair's slot, or of the empty one where it would be.
  [[nodiscard]] std::size_t index_of(TokenId left, TokenId right) const noexcept;
  [[nodiscard]] const Slot& find(TokenId left, TokenId right) const noexcept {
    return slots_[index_of(left, right)];
  }
  [[nodiscard]] std::size_t merge_short(std::span<TokenId> tokens) const noexcept;
  [[nodiscard]] std::size_t merge_long(std::span<TokenId> tokens) const;

  std::vector<Slot> slots_;  // Open addressing; a power of two, at most half full.
  std::uint32_t count_ = 0;
};

}  // namespace sluice::inference
