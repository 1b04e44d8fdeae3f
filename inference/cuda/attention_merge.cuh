#pragma once

#include "inference/cuda/attention_split.cuh"

// Splits of the decode kernel, each written down by a warp and then merged by one block: in shared
// memory, or in the workspace where several blocks have them. Partials: attention_work.h.

namespace sluice::inference::cuda {

/// The lane's part of one split's sums to where the merging reads them: (rows, partial).
template <int kHeadDim>
__device__ __forceinline__ void store_partials(const TileSums<kHeadDim>& sums, const TileRows& rows,
                                               int lane, float* partials) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int r = lane / 4 + half * 8;
    if (!rows.has(r)) continue;
    float* to = partials + r * partial_size(kHeadDim);
#pragma unroll
    for (int i = 0; i < kHeadDim / 8; ++i) {
      *reinterpret_cast<float2*>(to + i * 8 + lane % 4 * 2) =
          make_float2(sums.values[i][half * 2], sums.values[i][half * 2 + 1]);
    }
    if (lane % 4 == 0) {
      *reinterpret_cast<float2*>(to + kHeadDim) = make_float2(sums.max[half], sums.weights[half]);
    }
  }
}

/// (splits, rows, partial) to the output, by all threads of the block.
template <int kHeadDim>
__device__ __forceinline__ void merge_partials(const float* partials, int num_splits,
                                               const TileRows& rows, Bf16* out) {
  constexpr int kTogether = 8;  // Splits that are asked for at once.
  const int num_rows = rows.num_tokens * rows.group;
  const int stride = num_rows * partial_size(kHeadDim);
  const int threads = static_cast<int>(blockDim.x);
  for (int i = static_cast<int>(threadIdx.x); i < num_rows * kHeadDim / 2; i += threads) {
    const int r = i / (kHeadDim / 2);
    const int d = i % (kHeadDim / 2) * 2;
    const float* from = partials + r * partial_size(kHeadDim);
    float max = -INFINITY;
    float weights = 0;
    float2 values = {0, 0};
    for (int first = 0; first < num_splits; first += kTogether) {
      float2 heads[kTogether];
      float2 pairs[kTogether];
#pragma unroll
      for (int j = 0; j < kTogether; ++j) {
        const float* at = from + std::int64_t{min(first + j, num_splits - 1)} * stride;
        heads[j] = *reinterpret_cast<const float2*>(at + kHeadDim);
        pairs[j] = *reinterpret_cast<const float2*>(at + d);
      }
#pragma unroll
      for (int j = 0; j < kTogether; ++j) {
        if (first + j >= num_splits || heads[j].x == -INFINITY) continue;
        const Merge merge(max, heads[j].x);
        weights = merge(weights, heads[j].y);
        values = make_float2(merge(values.x, pairs[j].x), merge(values.y, pairs[j].y));
      }
    }
    store_output(out, rows, r, d, kHeadDim, values.x, values.y, weights);
  }
}

/// Whether this block is the last of `expected`; then it sees what the others have written.
__device__ __forceinline__ bool comes_last(int* counter, int expected) {
  int* is_last = shared_memory<int>();
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    *is_last = atomicAdd(counter, 1) == expected - 1 ? 1 : 0;
    if (*is_last != 0) *counter = 0;  // For the next launch.
  }
  __syncthreads();
  __threadfence();
  return *is_last == 1;
}

}  // namespace sluice::inference::cuda
