#pragma once

#include "inference/cuda/gemm_parts.cuh"
#include "inference/cuda/ptx.cuh"

#include <cuda_runtime.h>

#include <algorithm>

// What a warp of gemm_skinny does: one segment of the depth, of some row tiles and all tokens.
// W goes from memory to registers, without a stop in shared memory: nobody shares it.

namespace sluice::inference::cuda {

/// A warp's share of the product: its segment.
template <class W, int kRowTiles, int kFragments>
struct SkinnySegment {
  /// Enough blocks of few fragments run beside each other to cover that they wait for X. Of many
  /// fragments there is one on a multiprocessor, but it has registers for more of X at a time.
  static constexpr int kBlocks = kFragments <= 2 ? 2 : 1;
  static constexpr int kMaxLaneChunks = kBlocks == 2 ? 4 : 16;  ///< Of X.

  /// 16-byte loads of W that a lane has under way for one batch. There are two batches: while the
  /// one is multiplied the other is on its way, so that a block of 256 threads waits for 32 KiB or
  /// more. Where the sums leave fp8 no registers for what it is widened to, for half of that.
  static constexpr bool kIsTight = kRowTiles * kFragments >= (kBlocks == 2 ? 4 : 32);
  static constexpr int kBatchLoads = W::kLaneChunks == 1 && kIsTight ? 4 : 8;
  static constexpr int kBatchTiles = kBatchLoads / W::kLaneChunks / kRowTiles;
  static constexpr int kTilesAtOnce = std::clamp(kMaxLaneChunks / kFragments, 1, kBatchTiles);

  struct Batch {
    uint4 chunks[kBatchTiles][kRowTiles][W::kLaneChunks];
  };

  const uint4* weights;      ///< This lane's chunk of the block's first tile.
  int row_tiles[kRowTiles];  ///< How many chunks behind it those of each row tile begin.
  typename W::Scales scales[kRowTiles];
  const uint4* x;
  int x_rows[kFragments];  ///< row_chunk() of this lane's rows.
  int end;                 ///< K-tile.
  float sums[kRowTiles][kFragments][4];

  __device__ __forceinline__ void load_scales(const GemmOperands& in, int row_tile, int tile) {
#pragma unroll
    for (int r = 0; r < kRowTiles; ++r) {
      scales[r].load(in, min(row_tile + r, row_tiles_of(in.num_rows) - 1), tile);
    }
  }

  template <bool kWhole = false>
  __device__ __forceinline__ void load(Batch& batch, int tile) const {
#pragma unroll
    for (int i = 0; i < kBatchTiles; ++i) {
      if (!kWhole && tile + i >= end) continue;
#pragma unroll
      for (int r = 0; r < kRowTiles; ++r) {
        const uint4* from = weights + row_tiles[r] + (tile + i) * W::kTileChunks;
#pragma unroll
        for (int c = 0; c < W::kLaneChunks; ++c) batch.chunks[i][r][c] = load_once(from + c * 32);
      }
    }
  }

  /// The first loads, before the kernel waits for another: as branches, for in straight code the
  /// assembler puts the waiting first.
  __device__ __forceinline__ void load_first(Batch& even, Batch& odd, int tile) const {
    if (tile + 2 * kBatchTiles <= end) {
      load<true>(even, tile);
      load<true>(odd, tile + kBatchTiles);
    } else {
      load(even, tile);
      load(odd, tile + kBatchTiles);
    }
  }

  __device__ __forceinline__ void multiply(const Batch& batch, int tile) {
#pragma unroll
    for (int first = 0; first < kBatchTiles; first += kTilesAtOnce) {
      uint4 columns[kTilesAtOnce][kFragments];
#pragma unroll
      for (int i = 0; i < kTilesAtOnce; ++i) {
#pragma unroll
        for (int f = 0; f < kFragments; ++f) {
          const int k = tile + first + i;
          columns[i][f] = make_uint4(0, 0, 0, 0);
          if (k < end && x_rows[f] >= 0) columns[i][f] = x[x_rows[f] + k * kFragmentChunks];
        }
      }
#pragma unroll
      for (int i = 0; i < kTilesAtOnce; ++i) {
        if (tile + first + i >= end) break;
#pragma unroll
        for (int r = 0; r < kRowTiles; ++r) {
          const TileOperands w =
              W::operands(batch.chunks[first + i][r], scales[r].at(tile + first + i));
#pragma unroll
          for (int f = 0; f < kFragments; ++f) multiply_tile(sums[r][f], w, columns[i][f]);
        }
      }
    }
  }
};

}  // namespace sluice::inference::cuda
