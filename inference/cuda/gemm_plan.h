#pragma once

#include "inference/cuda/gemm.h"
#include "inference/cuda/gemm_skinny.cuh"
#include "inference/cuda/gemm_wide.cuh"

// Which kernel a product takes. That is a matter of time only: no choice changes a bit of a result.

namespace sluice::inference::cuda {

/// Up to here the time is that of reading W, which gemm_skinny does once.
inline constexpr int kSkinnyTokens = kMaxSkinnyTokens;

[[nodiscard]] constexpr int rounds_of(int blocks, int multiprocessors) noexcept {
  return (blocks + multiprocessors - 1) / multiprocessors;
}

/// Fragments of gemm_skinny that hold `num_tokens`: 1, 2, 4 or 8.
[[nodiscard]] constexpr int skinny_fragments(int num_tokens) noexcept {
  int fragments = 1;
  while (fragments * kFragmentRows < num_tokens) fragments *= 2;
  return fragments;
}

/// Row tiles of a block of gemm_skinny: 1, 2 or 4. A block moves 16 rows of W for each, in as many
/// chunks as W has, and X, of 8 rows a fragment, once for all of them: more row tiles read X less
/// often, fewer occupy more multiprocessors. Taken is the number by which the busiest
/// multiprocessor moves least; of equals the lower, whose blocks cover each other's waiting.
template <class W>
[[nodiscard]] constexpr int skinny_row_tiles(int num_row_tiles, int fragments,
                                             int multiprocessors) noexcept {
  int best = 1;
  int best_moved = 0;
  for (int row_tiles = 1; row_tiles <= 4; row_tiles *= 2) {
    const int blocks = (num_row_tiles + row_tiles - 1) / row_tiles;
    const int moved = rounds_of(blocks, multiprocessors) * (W::kLaneChunks * row_tiles + fragments);
    if (row_tiles == 1 || moved < best_moved) {
      best = row_tiles;
      best_moved = moved;
    }
  }
  return best;
}

/// Whether gemm_wide takes large rectangles: when the busiest multiprocessor is through with its
/// large ones before it would be with its small ones. A large one is four small ones, but in small
/// ones a third more time is spent on reading the same operands from shared memory.
[[nodiscard]] constexpr bool wide_is_large(const GemmOperands& in, int multiprocessors) noexcept {
  const int large =
      row_blocks<LargeWide<Bf16Weights>>(in) * token_blocks<LargeWide<Bf16Weights>>(in);
  const int small =
      row_blocks<SmallWide<Bf16Weights>>(in) * token_blocks<SmallWide<Bf16Weights>>(in);
  return rounds_of(large, multiprocessors) * 4 * 3 <= rounds_of(small, multiprocessors) * 4;
}

}  // namespace sluice::inference::cuda
