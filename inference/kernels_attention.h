#pragma once

#include "inference/backend.h"
#include "inference/kernels.h"

// Attention over KV blocks, for kernels_*.cc; V as in kernels_elementwise.h, T the cache's element.
// Positions are the lanes of the scores, head_dim those of the output: no sum crosses lanes.

namespace sluice::inference {

/// Q queries, B blocks; `ahead` are the blocks that come next: hardware cannot know them.
template <class V, class T, int Q, int B>
void block_scores(const float* queries, std::int64_t head_dim, const void* const* keys,
                  const void* const* ahead, float scale, float* scores, std::int64_t stride) {
  using Reg = typename V::Reg;
  constexpr int kParts = 16 / V::kLanes;
  Reg sums[Q][B * kParts];
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 8
    for (int p = 0; p < B * kParts; ++p) sums[q][p] = V::zero();
  }
  for (std::int64_t d = 0; d < head_dim; ++d) {
    Reg key[B * kParts];
#pragma GCC unroll 8
    for (int p = 0; p < B * kParts; ++p) {
      const T* block = static_cast<const T*>(keys[p / kParts]) + d * kKvBlockTokens;
      key[p] = V::load(block + p % kParts * V::kLanes);
      __builtin_prefetch(static_cast<const T*>(ahead[p / kParts]) + d * kKvBlockTokens);
    }
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) {
      const Reg query = V::broadcast(queries[q * head_dim + d]);
#pragma GCC unroll 8
      for (int p = 0; p < B * kParts; ++p) sums[q][p] = V::fma(query, key[p], sums[q][p]);
    }
  }
#pragma GCC unroll 8
  for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 8
    for (int p = 0; p < B * kParts; ++p) {
      V::store(scores + q * stride + p * V::kLanes, V::mul(sums[q][p], V::broadcast(scale)));
    }
  }
}

template <class V, class T, int Q>
void query_scores(const float* queries, std::int64_t head_dim, const void* const* keys,
                  std::int64_t num_blocks, float scale, float* scores, std::int64_t stride) {
  constexpr int kBlocks = Q < 4 ? 4 / Q : 1;
  std::int64_t b = 0;
  for (; b + kBlocks <= num_blocks; b += kBlocks) {
    const auto* next = keys + (b + 2 * kBlocks > num_blocks ? b : b + kBlocks);
    block_scores<V, T, Q, kBlocks>(queries, head_dim, keys + b, next, scale,
                                   scores + b * kKvBlockTokens, stride);
  }
  for (const void* const* key = keys + b; b < num_blocks; ++b, ++key) {
    block_scores<V, T, Q, 1>(queries, head_dim, key, key, scale, scores + b * kKvBlockTokens,
                             stride);
  }
}

template <class V, class T>
void attention_scores(const Queries& queries, const void* const* keys, std::int64_t num_blocks,
                      float scale, float* scores, std::int64_t stride) {
  std::int64_t i = 0;
  const auto run = [&](auto function, std::int64_t num) {
    for (; i + num <= queries.num; i += num) {
      function(queries.data + i * queries.head_dim, queries.head_dim, keys, num_blocks, scale,
               scores + i * stride, stride);
    }
  };
  run(query_scores<V, T, 4>, 4);
  run(query_scores<V, T, 2>, 2);
  run(query_scores<V, T, 1>, 1);
}

/// The lanes [d, d + D * kLanes) of Q outputs; the last of them partly where tail > 0.
template <class V, class T, int Q, int D>
void output_lanes(const float* weights, std::int64_t stride, const void* const* values,
                  std::int64_t first, std::int64_t last, std::int64_t head_dim, std::int64_t d,
                  float* out, std::int64_t tail) {
  using Reg = typename V::Reg;
  Reg sums[Q][D];
#pragma GCC unroll 4
  for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 4
    for (int p = 0; p < D; ++p) {
      const float* from = out + q * head_dim + d + p * V::kLanes;
      sums[q][p] = tail > 0 ? V::load_tail(from, tail) : V::load(from);
    }
  }
  for (std::int64_t j = first; j < last; ++j) {
    const std::int64_t offset = j % kKvBlockTokens * head_dim;
    const std::int64_t next = j + kKvBlockTokens < last ? j + kKvBlockTokens : j;
    const T* row = static_cast<const T*>(values[j / kKvBlockTokens]) + offset;
    const T* ahead = static_cast<const T*>(values[next / kKvBlockTokens]) + offset;
    Reg value[D];
#pragma GCC unroll 4
    for (int p = 0; p < D; ++p) {
      const T* from = row + d + p * V::kLanes;
      value[p] = tail > 0 ? V::load_tail(from, tail) : V::load(from);
      __builtin_prefetch(ahead + d + p * V::kLanes);
    }
#pragma GCC unroll 4
    for (int q = 0; q < Q; ++q) {
      const Reg weight = V::broadcast(weights[q * stride + j]);
#pragma GCC unroll 4
      for (int p = 0; p < D; ++p) sums[q][p] = V::fma(weight, value[p], sums[q][p]);
    }
  }
#pragma GCC unroll 4
  for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 4
    for (int p = 0; p < D; ++p) {
      float* to = out + q * head_dim + d + p * V::kLanes;
      tail > 0 ? V::store_tail(to, tail, sums[q][p]) : V::store(to, sums[q][p]);
    }
  }
}

template <class V, class T, int Q>
void query_outputs(const float* weights, std::int64_t stride, const void* const* values,
                   std::int64_t first, std::int64_t last, std::int64_t head_dim, float* out) {
  std::int64_t d = 0;
  for (; d + 4 * V::kLanes <= head_dim; d += 4 * V::kLanes) {
    output_lanes<V, T, Q, 4>(weights, stride, values, first, last, head_dim, d, out, 0);
  }
  for (; d < head_dim; d += V::kLanes) {
    const std::int64_t tail = head_dim - d < V::kLanes ? head_dim - d : 0;
    output_lanes<V, T, Q, 1>(weights, stride, values, first, last, head_dim, d, out, tail);
  }
}

template <class V, class T>
void attention_values(const float* weights, std::int64_t stride, const void* const* values,
                      std::int64_t first, std::int64_t last, const Queries& shape, float* out) {
  std::int64_t i = 0;
  const auto run = [&](auto function, std::int64_t num) {
    for (; i + num <= shape.num; i += num) {
      function(weights + i * stride, stride, values, first, last, shape.head_dim,
               out + i * shape.head_dim);
    }
  };
  run(query_outputs<V, T, 4>, 4);
  run(query_outputs<V, T, 2>, 2);
  run(query_outputs<V, T, 1>, 1);
}

}  // namespace sluice::inference
