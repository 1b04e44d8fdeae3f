#pragma once

#include "inference/cuda/gemm_parts.cuh"
#include "inference/cuda/ptx.cuh"

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>

// What becomes of the sums of a product (gemm.h says what of each). A whole warp calls finish() for
// a tile. What multiplies and adds says fmaf(), so that it is one instruction in every kernel.

namespace sluice::inference::cuda {

__device__ __forceinline__ void finish(const StoreFloats& to, const OutputTile& tile,
                                       const float (&sums)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (!tile.is_token(i) || tile.row(i) >= tile.in.num_rows) continue;
    to.out[static_cast<std::int64_t>(tile.token(i)) * tile.in.num_rows + tile.row(i)] =
        sums[i] * tile.factor(i);
  }
}

/// The squares of a lane's two rows first, then lanes 1, 2 and 4 rows apart.
__device__ __forceinline__ void finish(const AddToHidden& to, const OutputTile& tile,
                                       const float (&sums)[4]) {
  const int depth = tile.in.num_rows;
  float hidden[4] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (!tile.is_token(i)) continue;
    float& at = to.hidden[static_cast<std::int64_t>(tile.token(i)) * depth + tile.row(i)];
    hidden[i] = fmaf(sums[i], tile.factor(i), at);
    at = hidden[i];
    to.scaled[activation_offset(tile.token(i), tile.row(i), depth)] =
        to_bf16(hidden[i] * to_float(to.norm[tile.row(i)]));
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    float sum = fmaf(hidden[i + 2], hidden[i + 2], hidden[i] * hidden[i]);
#pragma unroll
    for (int apart = 4; apart < 32; apart *= 2) sum += __shfl_xor_sync(kWholeWarp, sum, apart);
    if (tile.lane() / 4 == 0 && tile.is_token(i)) {
      to.squares[static_cast<std::int64_t>(tile.token(i)) * (depth / kTileRows) + tile.row_tile] =
          sum;
    }
  }
}

/// x / (1 + e^-x).
__device__ __forceinline__ float silu(float x) {
  constexpr float kLog2E = 1.44269504F;
  return x / (1 + exp2_fast(x * -kLog2E));
}

__device__ __forceinline__ void finish(const SwiGlu& to, const OutputTile& tile,
                                       const float (&sums)[4]) {
  const int j = tile.row_tile * kFragmentRows + tile.lane() / 4;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    if (!tile.is_token(i)) continue;
    const float gate = sums[i] * tile.factor(i);
    const float up = sums[i + 2] * tile.factor(i);
    to.out[activation_offset(tile.token(i), j, tile.in.num_rows / 2)] = to_bf16(silu(gate) * up);
  }
}

__device__ __forceinline__ bool may_come(const StoreLogits& to, const OutputTile& tile, int i) {
  if (tile.row(i) >= to.num_used) return false;
  if (to.allowed == nullptr) return true;
  const std::int64_t words = (tile.in.num_rows + 31) / 32;
  return (to.allowed[tile.token(i) * words + tile.row(i) / 32] >> (tile.row(i) % 32) & 1) != 0;
}

__device__ __forceinline__ void finish(const StoreLogits& to, const OutputTile& tile,
                                       const float (&sums)[4]) {
  float logits[4] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (!tile.is_token(i)) continue;
    const float logit = sums[i] * tile.factor(i);
    // What is no number is infinite: the best of its group, where the choice of tokens sees it.
    logits[i] = !may_come(to, tile, i) ? -INFINITY : logit == logit ? logit : INFINITY;
    if (tile.row(i) < to.stride) to.logits[tile.token(i) * to.stride + tile.row(i)] = logits[i];
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const bool is_second = logits[i + 2] > logits[i];
    float best = is_second ? logits[i + 2] : logits[i];
    int row = tile.row(is_second ? i + 2 : i);
#pragma unroll
    for (int apart = 4; apart < 32; apart *= 2) {
      const float other = __shfl_xor_sync(kWholeWarp, best, apart);
      const int other_row = __shfl_xor_sync(kWholeWarp, row, apart);
      if (other > best || (other == best && other_row < row)) {
        best = other;
        row = other_row;
      }
    }
    if (tile.lane() / 4 == 0 && tile.is_token(i)) {
      const std::int64_t groups = row_tiles_of(tile.in.num_rows);
      to.best_logits[tile.token(i) * groups + tile.row_tile] = best;
      to.best_rows[tile.token(i) * groups + tile.row_tile] = row;
    }
  }
}

}  // namespace sluice::inference::cuda
