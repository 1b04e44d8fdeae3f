#pragma once

#include "inference/cuda/attention_work.h"
#include "inference/cuda/ptx.cuh"

#include <cmath>

// The arithmetic of attention, for one warp. A row's result has the same bits in whichever kernel,
// tile and batch it is computed: its keys are cut into splits of kSplitKeys by position, a split is
// summed in one order, and the splits that the row sees are merged in ascending order. What could
// be fused in two ways is written as fmaf. A weight of 0 times a number adds nothing.

namespace sluice::inference::cuda {

inline constexpr float kLog2E = 1.44269504F;

/// head_dim^-1/2, times what turns e^x into 2^x.
template <int kHeadDim>
inline constexpr float kScoreScale = (kHeadDim == 64 ? 0.125F : 0.0883883476F) * kLog2E;

/// 16 rows of Q K^T: row r is query head first_head + r % group of token r / group. Those of
/// `num_tokens` tokens count.
struct TileRows {
  std::int64_t first_token;  ///< Of the step.
  int num_tokens;
  int position;  ///< Of the first token.
  int first_head;
  int group;
  int num_heads;

  [[nodiscard]] __device__ __forceinline__ bool has(int r) const { return r < num_tokens * group; }
  /// The last position that row r sees; -1: none.
  [[nodiscard]] __device__ __forceinline__ int last_key(int r) const {
    return has(r) ? position + r / group : -1;
  }
  /// That any row sees.
  [[nodiscard]] __device__ __forceinline__ int last_key() const {
    return position + num_tokens - 1;
  }
  /// In (tokens, num_heads, head_dim).
  [[nodiscard]] __device__ __forceinline__ std::int64_t query_offset(int r, int head_dim) const {
    return ((first_token + r / group) * num_heads + first_head + r % group) * head_dim;
  }
  /// In the activations of the output projection.
  [[nodiscard]] __device__ __forceinline__ std::int64_t out_offset(int r, int d,
                                                                   int head_dim) const {
    return activation_offset(first_token + r / group,
                             std::int64_t{first_head + r % group} * head_dim + d,
                             std::int64_t{num_heads} * head_dim);
  }
};

/// The queries of a tile as the A operand: the lane's rows are lane / 4 and lane / 4 + 8.
template <int kHeadDim>
struct QueryTile {
  static constexpr int kDepthTiles = kHeadDim / kTileK;
  uint4 low[kDepthTiles];
  uint4 high[kDepthTiles];
  int last_key[2];

  __device__ __forceinline__ void load(const Bf16* queries, const TileRows& rows, int lane) {
    const int r = lane / 4;
    const Bf16* first = queries + rows.query_offset(r, kHeadDim) + lane % 4 * 8;
    const Bf16* second = queries + rows.query_offset(r + 8, kHeadDim) + lane % 4 * 8;
    last_key[0] = rows.last_key(r);
    last_key[1] = rows.last_key(r + 8);
#pragma unroll
    for (int i = 0; i < kDepthTiles; ++i) {
      low[i] = high[i] = make_uint4(0, 0, 0, 0);
      if (last_key[0] >= 0) low[i] = *reinterpret_cast<const uint4*>(first + i * kTileK);
      if (last_key[1] >= 0) high[i] = *reinterpret_cast<const uint4*>(second + i * kTileK);
    }
  }
};

/// Weighted values as the C operand: the lane's columns are 8 i + 2 (lane % 4) and the next.
template <int kHeadDim>
struct TileSums {
  float values[kHeadDim / 8][4];
  float max[2];      ///< Of the scores, in powers of 2; -inf: the row has seen nothing.
  float weights[2];  ///< Their sum; whole in each lane.
};

/// How two sums with maxima of their own come together. The second has seen something.
struct Merge {
  float first;
  float second;

  /// `max` becomes that of both.
  __device__ __forceinline__ Merge(float& max, float other) {
    const float both = fmaxf(max, other);
    first = exp2_fast(max - both);
    second = exp2_fast(other - both);
    max = both;
  }
  [[nodiscard]] __device__ __forceinline__ float operator()(float x, float y) const {
    return fmaf(x, first, y * second);
  }
};

/// The values of a page, lane's part, with zeros in the slots above `last`: what was never written
/// may be NaN, and 0 times NaN is one.
__device__ __forceinline__ uint4 zero_above(uint4 values, int last, int lane) {
  const int slot = lane % 4 * 2;
  const auto mask = [last](int s) {
    return (s <= last ? 0xffffU : 0U) | (s + 1 <= last ? 0xffff0000U : 0U);
  };
  const unsigned low = mask(slot);
  const unsigned high = mask(slot + 8);
  return make_uint4(values.x & low, values.y & high, values.z & low, values.w & high);
}

/// The scores of a split, unscaled, -inf where a row does not see the key: (keys / 8, C operand).
/// keys(page, i): the lane's part of fragment i of a page's keys.
template <int kHeadDim, class Keys>
__device__ __forceinline__ void split_scores(const QueryTile<kHeadDim>& query, int first_key,
                                             const Keys& keys, int lane,
                                             float (&scores)[kSplitKeys / 8][4]) {
  constexpr int kDepthTiles = kHeadDim / kTileK;
#pragma unroll
  for (int octet = 0; octet < kSplitKeys / 8; ++octet) {
    float(&c)[4] = scores[octet];
    c[0] = c[1] = c[2] = c[3] = 0;
#pragma unroll
    for (int i = 0; i < kDepthTiles; ++i) {
      const uint4 a = query.low[i];
      const uint4 b = query.high[i];
      const uint4 k = keys(octet / 2, octet % 2 * kDepthTiles + i);
      mma(c, a.x, b.x, a.y, b.y, k.x, k.y);
      mma(c, a.z, b.z, a.w, b.w, k.z, k.w);
    }
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int key = first_key + octet * 8 + lane % 4 * 2 + j % 2;
      if (key > query.last_key[j / 2]) c[j] = -INFINITY;
    }
  }
}

}  // namespace sluice::inference::cuda
