#pragma once

#include "inference/cuda/launch.cuh"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/step_layout.h"
#include "inference/cuda/tile_layout.h"

#include <cmath>

// From the QKV product to what attention reads: norm and rotation of queries and keys (Qwen3: over
// each head, before the rotation), keys and values into the cache.

namespace sluice::inference::cuda {

struct RopeCacheArgs {
  const float* qkv = nullptr;  ///< (rows, query heads | key heads | value heads, head_dim).
  const DeviceRow* rows = nullptr;
  const DevicePart* parts = nullptr;
  const int* blocks = nullptr;    ///< Of all parts.
  const float* q_norm = nullptr;  ///< (head_dim), the same for all heads.
  const float* k_norm = nullptr;  ///< (head_dim).
  const float* cos = nullptr;     ///< (positions, head_dim / 2), the factor of YaRN included.
  const float* sin = nullptr;     ///< (positions, head_dim / 2).
  Bf16* queries = nullptr;        ///< Out: (rows, num_heads, head_dim).
  Bf16* cache = nullptr;          ///< Out, of one layer: (block, kv head, page).
  float eps = 0;
  int num_rows = 0;
  int num_heads = 0;
  int num_kv_heads = 0;
  int head_dim = 0;  ///< 64 or 128.
};

inline constexpr int kRopeWarps = 8;  ///< Of a block; each has one head of one row.

/// What a lane has of a head: the pairs (i, i + head_dim / 2), i = kPairs lane ... + kPairs - 1.
template <int kHeadDim>
struct HeadPairs {
  static constexpr int kPairs = kHeadDim / 64;
  float low[kPairs];
  float high[kPairs];

  __device__ __forceinline__ void load(const float* from, int first) {
#pragma unroll
    for (int j = 0; j < kPairs; ++j) {
      low[j] = from[first + j];
      high[j] = from[first + j + kHeadDim / 2];
    }
  }

  /// The sum of squares: of the lane in ascending order, of the warp in a tree.
  __device__ __forceinline__ void norm(const float* weight, int first, float eps) {
    float sum = 0;
#pragma unroll
    for (int j = 0; j < kPairs; ++j) sum = fmaf(high[j], high[j], fmaf(low[j], low[j], sum));
#pragma unroll
    for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(kWholeWarp, sum, mask);
    const float factor = 1.0F / sqrtf(fmaf(sum, 1.0F / kHeadDim, eps));
#pragma unroll
    for (int j = 0; j < kPairs; ++j) {
      low[j] = low[j] * factor * weight[first + j];
      high[j] = high[j] * factor * weight[first + j + kHeadDim / 2];
    }
  }

  __device__ __forceinline__ void rotate(const float* cos, const float* sin, int first) {
#pragma unroll
    for (int j = 0; j < kPairs; ++j) {
      const float a = low[j];
      const float b = high[j];
      const float c = cos[first + j];
      const float s = sin[first + j];
      low[j] = fmaf(a, c, -(b * s));
      high[j] = fmaf(b, c, a * s);
    }
  }

  /// To the place that `offset` gives each dimension.
  template <class Offset>
  __device__ __forceinline__ void store(Bf16* to, int first, const Offset& offset) const {
#pragma unroll
    for (int j = 0; j < kPairs; ++j) {
      to[offset(first + j)] = to_bf16(low[j]);
      to[offset(first + j + kHeadDim / 2)] = to_bf16(high[j]);
    }
  }
};

/// Grid: (rows, heads / kRopeWarps). Rows without a position write nothing.
template <int kHeadDim>
__global__ __launch_bounds__(kRopeWarps * 32) void rope_and_cache(RopeCacheArgs args) {
  wait_for_previous_kernel();
  let_next_kernel_start();
  const std::int64_t row = blockIdx.x;
  const int head = static_cast<int>(blockIdx.y * kRopeWarps + threadIdx.x / 32);
  const int num_keys_end = args.num_heads + args.num_kv_heads;
  const int num_all = num_keys_end + args.num_kv_heads;
  const DeviceRow at = args.rows[row];
  if (at.position < 0 || head >= num_all) return;

  const int first = static_cast<int>(threadIdx.x % 32) * HeadPairs<kHeadDim>::kPairs;
  HeadPairs<kHeadDim> pairs;
  pairs.load(args.qkv + (row * num_all + head) * kHeadDim, first);
  if (head < num_keys_end) {
    const std::int64_t angles = std::int64_t{at.position} * (kHeadDim / 2);
    pairs.norm(head < args.num_heads ? args.q_norm : args.k_norm, first, args.eps);
    pairs.rotate(args.cos + angles, args.sin + angles, first);
  }
  if (head < args.num_heads) {
    pairs.store(args.queries + (row * args.num_heads + head) * kHeadDim, first,
                [](int d) { return d; });
    return;
  }
  const int kv_head = (head - args.num_heads) % args.num_kv_heads;
  const int block = args.blocks[args.parts[at.part].first_block + at.position / kPageKeys];
  Bf16* page = args.cache + page_index(block, kv_head, args.num_kv_heads) * page_size(kHeadDim);
  const int slot = at.position % kPageKeys;
  if (head < num_keys_end) {
    pairs.store(page, first, [slot](int d) { return key_offset(slot, d, kHeadDim); });
  } else {
    pairs.store(page, first, [slot](int d) { return value_offset(slot, d, kHeadDim); });
  }
}

/// Errors: cudaErrorInvalidValue: a head_dim that there is no kernel for.
inline cudaError_t enqueue_rope_and_cache(const Stream& stream, const RopeCacheArgs& args) {
  if (args.num_rows == 0) return cudaSuccess;
  const int heads = args.num_heads + 2 * args.num_kv_heads;
  const dim3 grid(static_cast<unsigned>(args.num_rows),
                  static_cast<unsigned>((heads + kRopeWarps - 1) / kRopeWarps));
  const LaunchShape shape = {grid, kRopeWarps * 32};
  if (args.head_dim == 64) return launch(stream, shape, rope_and_cache<64>, args);
  if (args.head_dim == 128) return launch(stream, shape, rope_and_cache<128>, args);
  return cudaErrorInvalidValue;
}

}  // namespace sluice::inference::cuda
