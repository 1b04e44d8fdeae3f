#pragma once

#include "inference/cuda/gemm.h"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"

#include <cuda_runtime.h>

#include <cstdint>

// How the matrix products come to W: as a class for each form in which it lies in memory. A kernel
// reads its chunks, 16 bytes a lane, and asks for the operands that they stand for, in bf16.

namespace sluice::inference::cuda {

/// What a lane has of a tile of W, for mma().
struct TileOperands {
  uint4 low;   ///< Of row g: its k = 8t .. 8t + 7.
  uint4 high;  ///< Of row g + 8.
};

/// GemmOperands::weights.
struct Bf16Weights {
  static constexpr int kLaneChunks = 2;  ///< Of a tile.
  static constexpr int kTileChunks = kLaneChunks * 32;

  /// No scales.
  struct Scales {
    __device__ __forceinline__ void load(const GemmOperands&, int, int) {}
    __device__ __forceinline__ unsigned at(int) const { return 0; }
    [[nodiscard]] __device__ __forceinline__ bool has(int) const { return true; }
  };

  static __device__ __forceinline__ const uint4* begin(const GemmOperands& in) {
    return reinterpret_cast<const uint4*>(in.weights);
  }
  static __device__ __forceinline__ TileOperands operands(const uint4 (&chunks)[kLaneChunks],
                                                          unsigned) {
    return {chunks[0], chunks[1]};
  }
};

/// Of four bytes those at 1 and 3, as two bf16, times two of stored_scale(). The bits of an e4m3
/// are those of a bf16 that is smaller by 2^120, subnormals as well: 8 exponents less 127 is 120.
__device__ __forceinline__ unsigned scaled_fp8(unsigned bytes, unsigned scales) {
  return multiply_bf16((bytes & 0x80008000U) | ((bytes >> 4) & 0x07f007f0U), scales);
}

/// GemmOperands::fp8, with its scales.
struct Fp8Weights {
  static constexpr int kLaneChunks = 1;
  static constexpr int kTileChunks = kLaneChunks * 32;

  /// Of one row tile the scales of 32 runs of kScaleTiles k-tiles, one a lane.
  struct Scales {
    unsigned word;  ///< That of rows 0 to 7, then that of rows 8 to 15.
    int first;      ///< Run.

    /// Those from k-tile `tile` on.
    __device__ __forceinline__ void load(const GemmOperands& in, int row_tile, int tile) {
      const int num_blocks = static_cast<int>(scale_blocks(in.depth));
      const int block = tile / kScaleTiles + static_cast<int>(threadIdx.x) % 32;
      const auto* words = reinterpret_cast<const unsigned*>(in.scales);
      first = tile / kScaleTiles;
      word = block < num_blocks ? words[std::int64_t{row_tile} * num_blocks + block] : 0;
    }
    /// All lanes call it for the same tile.
    [[nodiscard]] __device__ __forceinline__ unsigned at(int tile) const {
      return __shfl_sync(kWholeWarp, word, tile / kScaleTiles - first);
    }
    [[nodiscard]] __device__ __forceinline__ bool has(int tile) const {
      return tile / kScaleTiles - first < 32;
    }
  };

  static __device__ __forceinline__ const uint4* begin(const GemmOperands& in) {
    return reinterpret_cast<const uint4*>(in.fp8);
  }
  static __device__ __forceinline__ TileOperands operands(const uint4 (&chunks)[kLaneChunks],
                                                          unsigned scales) {
    const unsigned low = (scales & 0xffffU) | scales << 16;
    const unsigned high = scales >> 16 | (scales & 0xffff0000U);
    const uint4 bytes = chunks[0];
    return {make_uint4(scaled_fp8(bytes.x, low), scaled_fp8(bytes.y, low), scaled_fp8(bytes.z, low),
                       scaled_fp8(bytes.w, low)),
            make_uint4(scaled_fp8(bytes.x << 8, high), scaled_fp8(bytes.y << 8, high),
                       scaled_fp8(bytes.z << 8, high), scaled_fp8(bytes.w << 8, high))};
  }
};

/// Where a row tile of W begins.
template <class W>
__device__ __forceinline__ const uint4* weight_chunks(const GemmOperands& in, int row_tile) {
  const std::int64_t tiles = in.depth / kTileK;
  return W::begin(in) + row_tile * tiles * W::kTileChunks;
}

}  // namespace sluice::inference::cuda
