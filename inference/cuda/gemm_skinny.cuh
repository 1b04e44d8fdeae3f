#pragma once

#include "inference/cuda/gemm_epilogues.cuh"
#include "inference/cuda/gemm_parts.cuh"
#include "inference/cuda/gemm_skinny_segment.cuh"
#include "inference/cuda/ptx.cuh"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>

// The product for few tokens, where reading W once is what takes the time. A block has kRowTiles
// tiles of 16 rows of W and all tokens; each of its warps has one of the segments of the depth.

namespace sluice::inference::cuda {

inline constexpr int kMaxSkinnyFragments = 8;
inline constexpr int kMaxSkinnyTokens = kMaxSkinnyFragments * kFragmentRows;

/// What the warps exchange: as many tiles' sums at a time as there are warps to add them up.
[[nodiscard]] constexpr int tiles_per_round(int row_tiles, int fragments) noexcept {
  return std::min(row_tiles * fragments, kGemmWarps);
}

[[nodiscard]] constexpr std::size_t skinny_shared_bytes(int row_tiles, int fragments) noexcept {
  const int sums = tiles_per_round(row_tiles, fragments) * kSegments * 32 * 4;
  return static_cast<std::size_t>(sums + fragments * kFragmentRows) * sizeof(float);
}

/// Adds the warps' sums up, and does with them what is to be done.
template <int kRowTiles, int kFragments, class Epilogue>
__device__ __forceinline__ void add_segments(const float (&sums)[kRowTiles][kFragments][4],
                                             float4* exchanged, const float* factors,
                                             const GemmOperands& in, const Epilogue& to) {
  constexpr int kTiles = kRowTiles * kFragments;
  constexpr int kAtOnce = tiles_per_round(kRowTiles, kFragments);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first_row_tile = static_cast<int>(blockIdx.x) * kRowTiles;
#pragma unroll
  for (int first = 0; first < kTiles; first += kAtOnce) {
    if (first > 0) __syncthreads();  // Somebody may still read those of the last round.
#pragma unroll
    for (int i = 0; i < kAtOnce; ++i) {
      const float(&c)[4] = sums[(first + i) / kFragments][(first + i) % kFragments];
      exchanged[(i * kSegments + warp) * 32 + lane] = make_float4(c[0], c[1], c[2], c[3]);
    }
    __syncthreads();
    const int row_tile = first_row_tile + (first + warp) / kFragments;
    if (warp >= kAtOnce || row_tile >= row_tiles_of(in.num_rows)) continue;
    float total[4] = {};
#pragma unroll
    for (int segment = 0; segment < kSegments; ++segment) {
      const float4 c = exchanged[(warp * kSegments + segment) * 32 + lane];
      total[0] += c.x, total[1] += c.y, total[2] += c.z, total[3] += c.w;
    }
    const int fragment = (first + warp) % kFragments;
    finish(to, OutputTile{in, row_tile, fragment, factors + fragment * kFragmentRows}, total);
  }
}

/// At most 8 * kFragments tokens. A block for each kRowTiles row tiles, of kGemmThreads, with
/// skinny_shared_bytes() of shared memory.
template <class W, int kRowTiles, int kFragments, class Epilogue>
__global__ void __launch_bounds__(kGemmThreads, SkinnySegment<W, kRowTiles, kFragments>::kBlocks)
    gemm_skinny(const GemmOperands in, const Epilogue to) {
  using Segment = SkinnySegment<W, kRowTiles, kFragments>;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int num_tiles = in.depth / kTileK;
  auto* exchanged = shared_memory<float4>();
  auto* factors =
      reinterpret_cast<float*>(exchanged + tiles_per_round(kRowTiles, kFragments) * kSegments * 32);

  Segment segment{};
  segment.end = segment_begin(warp + 1, num_tiles);
  const int row_tile = static_cast<int>(blockIdx.x) * kRowTiles;
  const int last = row_tiles_of(in.num_rows) - 1;
  segment.weights = weight_chunks<W>(in, row_tile) + lane;
  int tile = segment_begin(warp, num_tiles);
  for (int r = 0; r < kRowTiles; ++r) {  // What is beyond the last reads that, and is dropped.
    segment.row_tiles[r] = (min(row_tile + r, last) - row_tile) * num_tiles * W::kTileChunks;
  }
  segment.load_scales(in, row_tile, tile);
  typename Segment::Batch even;
  typename Segment::Batch odd;
  segment.load_first(even, odd, tile);

  wait_for_previous_kernel();
  let_next_kernel_start();
  segment.x = reinterpret_cast<const uint4*>(in.x);
  for (int f = 0; f < kFragments; ++f) {
    segment.x_rows[f] = row_chunk(in, f * kFragmentRows + lane / 4, lane);
  }
  store_row_factors(in, 0, kFragments * kFragmentRows, factors);
  for (; tile < segment.end; tile += 2 * Segment::kBatchTiles) {
    if (!segment.scales[0].has(tile + 2 * Segment::kBatchTiles - 1)) {
      segment.load_scales(in, row_tile, tile);
    }
    segment.multiply(even, tile);
    segment.load(even, tile + 2 * Segment::kBatchTiles);
    segment.multiply(odd, tile + Segment::kBatchTiles);
    segment.load(odd, tile + 3 * Segment::kBatchTiles);
  }
  add_segments(segment.sums, exchanged, factors, in, to);
}

}  // namespace sluice::inference::cuda
