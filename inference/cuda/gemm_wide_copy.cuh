#pragma once

#include "inference/cuda/gemm_parts.cuh"
#include "inference/cuda/ptx.cuh"

#include <cuda_runtime.h>

#include <cstddef>

// How gemm_wide divides a result among blocks, and how W and X come to them: in stages, through
// shared memory, in the order in which they lie in memory.

namespace sluice::inference::cuda {

/// What a warp has of the result: kRowTiles by kFragments; a block twice and four times that.
template <class W_, int kRowTiles_, int kFragments_, int kStages_>
struct WideShape {
  using W = W_;
  static constexpr int kRowTiles = kRowTiles_;
  static constexpr int kFragments = kFragments_;
  static constexpr int kBlockRowTiles = 2 * kRowTiles;
  static constexpr int kBlockFragments = 4 * kFragments;
  static constexpr int kBlockRows = kBlockRowTiles * kTileRows;
  static constexpr int kBlockTokens = kBlockFragments * kFragmentRows;

  static constexpr int kStages = kStages_;  ///< Of which one is multiplied, the others arrive.
  static constexpr int kStageTiles = 2;     ///< K-tiles of a stage: a depth of 64.
  static constexpr int kWeightChunks = kBlockRowTiles * kStageTiles * W::kTileChunks;
  static constexpr int kXChunks = kBlockFragments * kStageTiles * kFragmentChunks;
  static constexpr int kStageChunks = kWeightChunks + kXChunks;
  static constexpr std::size_t kSharedBytes =
      static_cast<std::size_t>(kStages * kStageChunks) * sizeof(uint4) +
      static_cast<std::size_t>(kBlockTokens) * sizeof(float);
};

/// 128 rows by 128 tokens, 96.5 KiB of bf16.
template <class W>
using LargeWide = WideShape<W, 4, 4, 3>;
/// 64 rows by 64 tokens, 64.25 KiB of bf16: where large ones are too few to occupy the device.
template <class W>
using SmallWide = WideShape<W, 2, 2, 4>;

/// Blocks of tokens that pass over W together. Neighbours in the grid have the same rows of W, so
/// it comes from memory once for all of them, and their X, of 2048 tokens, stays in the L2 cache.
template <class Shape>
inline constexpr int kTokenBlocksAtOnce = 2048 / Shape::kBlockTokens;

template <class Shape>
[[nodiscard]] constexpr int row_blocks(const GemmOperands& in) noexcept {
  return (in.num_rows + Shape::kBlockRows - 1) / Shape::kBlockRows;
}
template <class Shape>
[[nodiscard]] constexpr int token_blocks(const GemmOperands& in) noexcept {
  return (in.num_tokens + Shape::kBlockTokens - 1) / Shape::kBlockTokens;
}

/// Which rectangle of the result a block has.
struct WidePlace {
  int row_block;
  int token_block;
};
template <class Shape>
[[nodiscard]] constexpr WidePlace place_of_block(int block, int row_blocks,
                                                 int token_blocks) noexcept {
  const int per_pass = kTokenBlocksAtOnce<Shape> * row_blocks;
  const int first = block / per_pass * kTokenBlocksAtOnce<Shape>;
  const int left = token_blocks - first;
  const int abreast = left < kTokenBlocksAtOnce<Shape> ? left : kTokenBlocksAtOnce<Shape>;
  return {block % per_pass / abreast, first + block % per_pass % abreast};
}

/// Copies stages of W and X to shared memory, each thread its chunks.
template <class Shape>
struct WideCopy {
  static constexpr int kWeightTurns = Shape::kWeightChunks / kGemmThreads;
  static constexpr int kXTurns = Shape::kXChunks / kGemmThreads;
  static constexpr int kStageWeightChunks =
      Shape::kStageTiles * Shape::W::kTileChunks;                             // Of a row tile.
  static constexpr int kStageXChunks = Shape::kStageTiles * kFragmentChunks;  // Of a fragment.

  const GemmOperands& in;
  WidePlace place;
  uint4* shared;
  int x_rows[kXTurns];  ///< row_chunk() of this thread's rows.

  __device__ __forceinline__ void find_rows() {
#pragma unroll
    for (int i = 0; i < kXTurns; ++i) {
      const int chunk = i * kGemmThreads + static_cast<int>(threadIdx.x);
      const int lane = chunk % kFragmentChunks;
      const int fragment = place.token_block * Shape::kBlockFragments + chunk / kStageXChunks;
      x_rows[i] = row_chunk(in, fragment * kFragmentRows + lane / 4, lane);
    }
  }

  /// What is beyond the last row stays as it is: it only reaches results that nobody stores.
  __device__ __forceinline__ void weights(int stage) const {
    uint4* to = shared + stage % Shape::kStages * Shape::kStageChunks;
#pragma unroll
    for (int i = 0; i < kWeightTurns; ++i) {
      const int chunk = i * kGemmThreads + static_cast<int>(threadIdx.x);
      const int row_tile = place.row_block * Shape::kBlockRowTiles + chunk / kStageWeightChunks;
      const int from = stage * kStageWeightChunks + chunk % kStageWeightChunks;
      if (row_tile < row_tiles_of(in.num_rows) &&
          from < in.depth / kTileK * Shape::W::kTileChunks) {
        copy_async(to + chunk, weight_chunks<typename Shape::W>(in, row_tile) + from);
      }
    }
  }

  __device__ __forceinline__ void x(int stage) const {
    uint4* to = shared + stage % Shape::kStages * Shape::kStageChunks + Shape::kWeightChunks;
    const auto* all = reinterpret_cast<const uint4*>(in.x);
#pragma unroll
    for (int i = 0; i < kXTurns; ++i) {
      const int chunk = i * kGemmThreads + static_cast<int>(threadIdx.x);
      const int k = stage * Shape::kStageTiles + chunk % kStageXChunks / kFragmentChunks;
      if (x_rows[i] < 0 || k >= in.depth / kTileK) continue;
      copy_async(to + chunk, all + x_rows[i] + k * kFragmentChunks);
    }
  }
};

}  // namespace sluice::inference::cuda
