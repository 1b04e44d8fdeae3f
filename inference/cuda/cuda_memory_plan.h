#pragma once

#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/step_input.h"
#include "inference/model_config.h"
#include "inference/result.h"

#include <cstdint>

namespace sluice::inference::cuda {

/// How a model divides a device's memory.
struct MemoryPlan {
  StepLimits limits;
  std::int64_t num_blocks = 0;  ///< Of the KV cache.
};

/// Of what is free on the current device: the weights, what passes need, and a KV cache of
/// `options.kv_cache_bytes`, or of kCudaFreeShare of what is left, but no more than all generations
/// of a step can fill. Errors: invalid_argument (a cache that is smaller than a block);
/// resource_exhausted, saying what was needed and what is free; unavailable.
[[nodiscard]] Result<MemoryPlan> plan_memory(const ModelConfig& config, const CudaOptions& options);

/// The same of `free_bytes`.
[[nodiscard]] Result<MemoryPlan> plan_memory(const ModelConfig& config, const CudaOptions& options,
                                             std::int64_t free_bytes);

}  // namespace sluice::inference::cuda
