#pragma once

#include "inference/cuda/gemm_epilogues.cuh"
#include "inference/cuda/gemm_parts.cuh"
#include "inference/cuda/gemm_wide_copy.cuh"
#include "inference/cuda/ptx.cuh"

#include <cuda_runtime.h>

// The product for many tokens, bound by the tensor cores: a block has a rectangle of the result,
// which its warps, 2 by 4, divide.

namespace sluice::inference::cuda {

/// A warp's part of the result.
template <class Shape>
struct WideSums {
  float totals[Shape::kRowTiles][Shape::kFragments][4];  ///< Of the segments that are through.
  float sums[Shape::kRowTiles][Shape::kFragments][4];    ///< Of the one that is not.
  typename Shape::W::Scales scales[Shape::kRowTiles];
  int row_tile;  ///< In the block, the first of this warp.
  int fragment;  ///< The same.

  /// Whether any of the warp's part is of the result.
  __device__ __forceinline__ bool find(const GemmOperands& in, const WidePlace& place) {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    row_tile = warp / 4 * Shape::kRowTiles;
    fragment = warp % 4 * Shape::kFragments;
    return place.row_block * Shape::kBlockRowTiles + row_tile < row_tiles_of(in.num_rows) &&
           place.token_block * Shape::kBlockTokens + fragment * kFragmentRows < in.num_tokens;
  }

  __device__ __forceinline__ void end_segment() {
#pragma unroll
    for (int r = 0; r < Shape::kRowTiles; ++r) {
#pragma unroll
      for (int f = 0; f < Shape::kFragments; ++f) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          totals[r][f][i] += sums[r][f][i];
          sums[r][f][i] = 0;
        }
      }
    }
  }

  __device__ __forceinline__ void load_scales(const GemmOperands& in, const WidePlace& place,
                                              int tile) {
    const int first = place.row_block * Shape::kBlockRowTiles + row_tile;
#pragma unroll
    for (int r = 0; r < Shape::kRowTiles; ++r) {
      scales[r].load(in, min(first + r, row_tiles_of(in.num_rows) - 1), tile);
    }
  }

  /// Of the stage at `arrived`, its k-tile `k`, which is `tile` of all.
  __device__ __forceinline__ void multiply(const uint4* arrived, int k, int tile) {
    using W = typename Shape::W;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    uint4 x[Shape::kFragments];
#pragma unroll
    for (int f = 0; f < Shape::kFragments; ++f) {
      x[f] = arrived[Shape::kWeightChunks +
                     ((fragment + f) * Shape::kStageTiles + k) * kFragmentChunks + lane];
    }
#pragma unroll
    for (int r = 0; r < Shape::kRowTiles; ++r) {
      const uint4* from =
          arrived + ((row_tile + r) * Shape::kStageTiles + k) * W::kTileChunks + lane;
      uint4 chunks[W::kLaneChunks];
#pragma unroll
      for (int c = 0; c < W::kLaneChunks; ++c) chunks[c] = from[c * 32];
      const TileOperands w = W::operands(chunks, scales[r].at(tile));
#pragma unroll
      for (int f = 0; f < Shape::kFragments; ++f) multiply_tile(sums[r][f], w, x[f]);
    }
  }

  template <class Epilogue>
  __device__ __forceinline__ void finish_all(const GemmOperands& in, const WidePlace& place,
                                             const Epilogue& to, const float* factors) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowTiles; ++r) {
      const int tile = place.row_block * Shape::kBlockRowTiles + row_tile + r;
#pragma unroll
      for (int f = 0; f < Shape::kFragments; ++f) {
        const int column = place.token_block * Shape::kBlockFragments + fragment + f;
        if (tile >= row_tiles_of(in.num_rows) || column * kFragmentRows >= in.num_tokens) continue;
        finish(to, OutputTile{in, tile, column, factors + (fragment + f) * kFragmentRows},
               totals[r][f]);
      }
    }
  }
};

/// A block of kGemmThreads for each rectangle, with Shape::kSharedBytes of shared memory.
template <class Shape, class Epilogue>
__global__ void __launch_bounds__(kGemmThreads, Shape::kRowTiles* Shape::kFragments <= 8 ? 2 : 1)
    gemm_wide(const GemmOperands in, const Epilogue to) {
  const int num_tiles = in.depth / kTileK;
  const int num_stages = (num_tiles + Shape::kStageTiles - 1) / Shape::kStageTiles;
  auto* shared = shared_memory<uint4>();
  auto* factors = reinterpret_cast<float*>(shared + Shape::kStages * Shape::kStageChunks);
  const WidePlace place = place_of_block<Shape>(static_cast<int>(blockIdx.x), row_blocks<Shape>(in),
                                                token_blocks<Shape>(in));
  WideCopy<Shape> copy{in, place, shared, {}};
  for (int stage = 0; stage < min(Shape::kStages - 1, num_stages); ++stage) copy.weights(stage);
  wait_for_previous_kernel();
  let_next_kernel_start();
  copy.find_rows();
  for (int stage = 0; stage < Shape::kStages - 1; ++stage) {
    if (stage < num_stages) copy.x(stage);
    commit_copies();  // Nothing is a group as well: they are counted.
  }
  store_row_factors(in, place.token_block * Shape::kBlockTokens, Shape::kBlockTokens, factors);

  WideSums<Shape> own{};
  const bool has_work = own.find(in, place);
  if (has_work) own.load_scales(in, place, 0);
  int segment = 0;
  for (int stage = 0; stage < num_stages; ++stage) {
    wait_for_copies<Shape::kStages - 2>();
    __syncthreads();  // This stage has arrived, and all are through with the one before.
    if (stage + Shape::kStages - 1 < num_stages) {
      copy.weights(stage + Shape::kStages - 1);
      copy.x(stage + Shape::kStages - 1);
    }
    commit_copies();
    if (!has_work) continue;
    const uint4* arrived = shared + stage % Shape::kStages * Shape::kStageChunks;
#pragma unroll
    for (int k = 0; k < Shape::kStageTiles; ++k) {
      const int tile = stage * Shape::kStageTiles + k;
      if (tile >= num_tiles) break;
      if (tile == segment_begin(segment + 1, num_tiles)) {
        own.end_segment();
        while (tile == segment_begin(segment + 1, num_tiles)) ++segment;
      }
      if (!own.scales[0].has(tile)) own.load_scales(in, place, tile);
      own.multiply(arrived, k, tile);
    }
  }
  if (!has_work) return;
  own.end_segment();
  own.finish_all(in, place, to, factors);
}

}  // namespace sluice::inference::cuda
