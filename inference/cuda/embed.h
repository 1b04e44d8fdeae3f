#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/launch.cuh"
#include "inference/cuda/step_layout.h"

namespace sluice::inference::cuda {

/// The residual stream, and what the next product reads of it. `depth` is hidden_size.
struct HiddenState {
  float* hidden;   ///< (rows, depth)
  Bf16* scaled;    ///< hidden * the next norm's weight, in activation_offset() order.
  float* squares;  ///< (rows, depth / 16): of 16 neighbours each the sum of their squares.
  int depth;
};

/// The rows' first hidden state. `embedding` is (vocab_size, depth) in weight_offset() order,
/// `norm` (depth) the first layer's input norm. The token of a row that follows is
/// `chosen[follows]`; where there is none (an error is below 0), it is 0: nobody reads what comes
/// of it. Errors: those of the launch.
cudaError_t enqueue_embed(const Stream& stream, const DeviceRow* rows, int num_rows,
                          const int* chosen, const Bf16* embedding, const Bf16* norm,
                          const HiddenState& out);

}  // namespace sluice::inference::cuda
