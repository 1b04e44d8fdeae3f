#pragma once

#include "inference/cuda/attention_args.h"
#include "inference/cuda/launch.cuh"

#include <cuda_runtime.h>

namespace sluice::inference::cuda {

/// Once for each device, before the first launch.
cudaError_t prepare_attention();

/// Attention of all works; the rows of none keep what is in `out`. prepare_attention() comes first.
/// Errors: cudaErrorInvalidValue: a shape that there is no kernel for; those of a launch.
cudaError_t enqueue_attention(const Stream& stream, const AttentionArgs& args);

}  // namespace sluice::inference::cuda
