#include "inference/cuda/embed.h"

#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"

#include <cstdint>

namespace sluice::inference::cuda {
namespace {

constexpr int kEmbedThreads = 128;

/// A block for each row, four elements a thread.
__global__ void __launch_bounds__(kEmbedThreads)
    embed(const DeviceRow* rows, const int* chosen, const Bf16* __restrict__ embedding,
          const Bf16* __restrict__ norm, HiddenState out) {
  wait_for_previous_kernel();
  const std::int64_t row = blockIdx.x;
  const DeviceRow what = rows[row];
  const int token = max(what.follows >= 0 ? chosen[what.follows] : what.token, 0);
  const int rounds = (out.depth / 4 + kEmbedThreads - 1) / kEmbedThreads;
  for (int round = 0; round < rounds; ++round) {
    const int k = (round * kEmbedThreads + static_cast<int>(threadIdx.x)) * 4;
    const bool is_inside = k < out.depth;
    float sum = 0;
    if (is_inside) {
      const Bf16* from = embedding + weight_offset(token, k, out.depth);
      Bf16* scaled = out.scaled + activation_offset(row, k, out.depth);
      float* hidden = out.hidden + row * out.depth + k;
      for (int i = 0; i < 4; ++i) {
        const float value = to_float(from[i]);
        hidden[i] = value;
        scaled[i] = to_bf16(value * to_float(norm[k + i]));
        sum += value * value;
      }
    }
    sum += __shfl_xor_sync(kWholeWarp, sum, 1);
    sum += __shfl_xor_sync(kWholeWarp, sum, 2);
    if (is_inside && k % 16 == 0) out.squares[row * (out.depth / 16) + k / 16] = sum;
  }
}

}  // namespace

cudaError_t enqueue_embed(const Stream& stream, const DeviceRow* rows, int num_rows,
                          const int* chosen, const Bf16* embedding, const Bf16* norm,
                          const HiddenState& out) {
  return launch(stream, {static_cast<unsigned>(num_rows), kEmbedThreads}, embed, rows, chosen,
                embedding, norm, out);
}

}  // namespace sluice::inference::cuda
