#pragma once

#include "inference/cuda/attention_tile.cuh"

// A split of the keys, from scores to weighted values, and the merging of splits.

namespace sluice::inference::cuda {

/// Scores into weights 2^(score - max), and what `out` says of them.
template <int kHeadDim>
__device__ __forceinline__ void split_weights(float (&scores)[kSplitKeys / 8][4],
                                              TileSums<kHeadDim>& out) {
  constexpr float kScale = kScoreScale<kHeadDim>;
#pragma unroll
  for (int row = 0; row < 2; ++row) {
    float max = -INFINITY;
#pragma unroll
    for (auto& c : scores) max = fmaxf(max, fmaxf(c[row * 2], c[row * 2 + 1]));
    max = fmaxf(max, __shfl_xor_sync(kWholeWarp, max, 1));
    max = fmaxf(max, __shfl_xor_sync(kWholeWarp, max, 2));
    out.max[row] = max * kScale;
    const float zero = max == -INFINITY ? 0 : -out.max[row];
    float sum = 0;
#pragma unroll
    for (auto& c : scores) {
#pragma unroll
      for (int j = row * 2; j < row * 2 + 2; ++j) {
        c[j] = exp2_fast(fmaf(c[j], kScale, zero));
        sum += c[j];
      }
    }
    sum += __shfl_xor_sync(kWholeWarp, sum, 1);
    sum += __shfl_xor_sync(kWholeWarp, sum, 2);
    out.weights[row] = sum;
  }
}

/// One split for one tile. keys(page, i) and values(page, i): the lane's 16 bytes of fragment i of
/// the keys, of the 16 columns i of the values; of pages above `last_key`, anything.
template <int kHeadDim, class Keys, class Values>
__device__ __forceinline__ void attend_split(const QueryTile<kHeadDim>& query, int first_key,
                                             int last_key, const Keys& keys, const Values& values,
                                             int lane, TileSums<kHeadDim>& out) {
  float scores[kSplitKeys / 8][4];
  split_scores(query, first_key, keys, lane, scores);
  split_weights(scores, out);
#pragma unroll
  for (auto& c : out.values) c[0] = c[1] = c[2] = c[3] = 0;
#pragma unroll
  for (int page = 0; page < kSplitPages; ++page) {
    const auto& low = scores[page * 2];
    const auto& high = scores[page * 2 + 1];
    const unsigned a0 = pack_bf16(low[0], low[1]);
    const unsigned a1 = pack_bf16(low[2], low[3]);
    const unsigned a2 = pack_bf16(high[0], high[1]);
    const unsigned a3 = pack_bf16(high[2], high[3]);
    const int last = last_key - first_key - page * kPageKeys;
#pragma unroll
    for (int i = 0; i < kHeadDim / 16; ++i) {
      const uint4 v = zero_above(values(page, i), last, lane);
      mma(out.values[i * 2], a0, a1, a2, a3, v.x, v.y);
      mma(out.values[i * 2 + 1], a0, a1, a2, a3, v.z, v.w);
    }
  }
}

/// The splits of a tile so far, and the next one. Rows that do not see it stay as they are.
template <int kHeadDim>
__device__ __forceinline__ void merge_split(TileSums<kHeadDim>& all,
                                            const TileSums<kHeadDim>& split) {
#pragma unroll
  for (int row = 0; row < 2; ++row) {
    if (split.max[row] == -INFINITY) continue;
    const Merge merge(all.max[row], split.max[row]);
    all.weights[row] = merge(all.weights[row], split.weights[row]);
#pragma unroll
    for (int i = 0; i < kHeadDim / 8; ++i) {
#pragma unroll
      for (int j = row * 2; j < row * 2 + 2; ++j) {
        all.values[i][j] = merge(all.values[i][j], split.values[i][j]);
      }
    }
  }
}

template <int kHeadDim>
__device__ __forceinline__ void see_nothing(TileSums<kHeadDim>& sums) {
#pragma unroll
  for (auto& c : sums.values) c[0] = c[1] = c[2] = c[3] = 0;
  sums.max[0] = sums.max[1] = -INFINITY;
  sums.weights[0] = sums.weights[1] = 0;
}

/// Two neighbours of the output; `d` is even.
__device__ __forceinline__ void store_output(Bf16* out, const TileRows& rows, int r, int d,
                                             int head_dim, float x, float y, float weights) {
  const float factor = 1.0F / weights;
  *reinterpret_cast<unsigned*>(out + rows.out_offset(r, d, head_dim)) =
      pack_bf16(x * factor, y * factor);
}

}  // namespace sluice::inference::cuda
