#pragma once

#include "inference/cuda/gemm.h"
#include "inference/cuda/gemm_weights.cuh"
#include "inference/cuda/row_factor.cuh"
#include "inference/cuda/tile_layout.h"

#include <cuda_runtime.h>

#include <cstdint>

// What the two kernels for matrix products share, above all the order of every sum: the depth is
// cut into kSegments runs of k-tiles, whatever the number of tokens. Within a segment the products
// of 16 are added in ascending order to a sum that starts at 0; then the segments' sums, in
// ascending order. gemm_skinny gives each segment to a warp, gemm_wide goes through them in turn.

namespace sluice::inference::cuda {

inline constexpr int kSegments = 8;
inline constexpr int kGemmWarps = 8;
inline constexpr int kGemmThreads = kGemmWarps * 32;

/// Operands are read 16 bytes at a time: a fragment of X in so many chunks.
inline constexpr int kFragmentChunks = kFragmentSize / 8;

/// The first of segment `segment`'s k-tiles, of `num_tiles`. A segment may be empty.
[[nodiscard]] constexpr int segment_begin(int segment, int num_tiles) noexcept {
  return segment * num_tiles / kSegments;
}

[[nodiscard]] constexpr int row_tiles_of(int num_rows) noexcept {
  return (num_rows + kTileRows - 1) / kTileRows;
}

/// Where the row of `token` begins in X, in chunks, for a lane that holds `lane`'s part of a
/// fragment; -1 for a token that is none. X is smaller than 2^31 chunks.
__device__ __forceinline__ int row_chunk(const GemmOperands& in, int token, int lane) {
  if (token >= in.num_tokens) return -1;
  const int row = in.rows == nullptr ? token : in.rows[token];
  return row / kFragmentRows * (in.depth / kTileK) * kFragmentChunks + row % kFragmentRows * 4 +
         lane % 4;
}

/// The factors of `num` tokens from `first_token` on to shared memory; 1 where there is no norm.
/// All warps of the block call it; a barrier follows before they are read.
__device__ __forceinline__ void store_row_factors(const GemmOperands& in, int first_token, int num,
                                                  float* factors) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  for (int i = static_cast<int>(threadIdx.x) / 32; i < num; i += kGemmWarps) {
    const int token = first_token + i;
    float factor = 1;
    if (in.squares != nullptr && token < in.num_tokens) {
      const std::int64_t row = in.rows == nullptr ? token : in.rows[token];
      const int num_parts = in.depth / kTileRows;
      factor = row_factor(in.squares + row * num_parts, num_parts, in.epsilon);
    }
    if (lane == 0) factors[i] = factor;
  }
}

/// 16 rows of W times 8 tokens: in C's order of mma(), lane 4 g + t has of sums[i] the row
/// g + i / 2 * 8 and the token 2 t + i % 2.
struct OutputTile {
  const GemmOperands& in;
  int row_tile;
  int fragment;          ///< Of tokens.
  const float* factors;  ///< (8), shared memory: what the fragment's tokens are multiplied by.

  [[nodiscard]] __device__ int lane() const { return static_cast<int>(threadIdx.x) % 32; }
  [[nodiscard]] __device__ int row(int i) const {
    return row_tile * kTileRows + lane() / 4 + i / 2 * kFragmentRows;
  }
  [[nodiscard]] __device__ int token_in_fragment(int i) const { return lane() % 4 * 2 + i % 2; }
  [[nodiscard]] __device__ int token(int i) const {
    return fragment * kFragmentRows + token_in_fragment(i);
  }
  [[nodiscard]] __device__ bool is_token(int i) const { return token(i) < in.num_tokens; }
  [[nodiscard]] __device__ float factor(int i) const { return factors[token_in_fragment(i)]; }
};

/// c += one k-tile of W times one of X: two products of 16, in this order.
__device__ __forceinline__ void multiply_tile(float (&c)[4], const TileOperands& w,
                                              const uint4& x) {
  mma(c, w.low.x, w.high.x, w.low.y, w.high.y, x.x, x.y);
  mma(c, w.low.z, w.high.z, w.low.w, w.high.w, x.z, x.w);
}

}  // namespace sluice::inference::cuda
