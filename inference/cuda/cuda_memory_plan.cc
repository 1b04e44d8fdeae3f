#include "inference/cuda/cuda_memory_plan.h"

#include "inference/block_manager.h"
#include "inference/cuda/cuda_error.h"
#include "inference/cuda/cuda_forward.h"
#include "inference/cuda/device_model.h"
#include "inference/model_size.h"

#include <algorithm>
#include <string>

namespace sluice::inference::cuda {

namespace {

/// Stays free for what is not counted: graphs, kernels that the driver loads when they first run,
/// what is staged while the weights are uploaded, masks.
constexpr std::int64_t kReservedBytes = std::int64_t{128} << 20;

}  // namespace

Result<MemoryPlan> plan_memory(const ModelConfig& config, const CudaOptions& options) {
  std::size_t free = 0;
  std::size_t total = 0;
  INFERENCE_CHECK(check(cudaMemGetInfo(&free, &total), "the device's memory"));
  return plan_memory(config, options, static_cast<std::int64_t>(free));
}

Result<MemoryPlan> plan_memory(const ModelConfig& config, const CudaOptions& options,
                               std::int64_t free_bytes) {
  const std::int64_t block = kv_block_bytes(config, WeightFormat::bf16);
  const std::int64_t whole_context = blocks_for(config.max_position_embeddings);
  MemoryPlan plan;
  plan.limits.max_rows = static_cast<int>(std::max(options.max_rows, options.max_parts));
  plan.limits.max_parts = static_cast<int>(options.max_parts);
  plan.limits.max_context = static_cast<int>(whole_context * kKvBlockTokens);
  const std::int64_t needed = device_weight_bytes(config, options.keeps_fp8) +
                              CudaForward::scratch_bytes(config, plan.limits) + kReservedBytes;
  const std::int64_t left = free_bytes - needed;
  const auto share = static_cast<std::int64_t>(static_cast<double>(left) * kCudaFreeShare);
  plan.num_blocks = options.kv_cache_bytes > 0
                        ? options.kv_cache_bytes / block
                        : std::min(share / block, whole_context * options.max_parts);
  if (options.kv_cache_bytes > 0 && plan.num_blocks < 1) {
    return fail(Errc::invalid_argument, "a KV cache of " + std::to_string(options.kv_cache_bytes) +
                                            " bytes: one block of 16 tokens takes " +
                                            std::to_string(block));
  }
  if (plan.num_blocks < 1 || plan.num_blocks * block > left) {
    return fail(Errc::resource_exhausted,
                "cuda: " + std::to_string(free_bytes) +
                    " bytes are free; weights and activations " + "take " + std::to_string(needed) +
                    ", the KV cache " +
                    std::to_string(std::max(plan.num_blocks, std::int64_t{1}) * block));
  }
  return plan;
}

}  // namespace sluice::inference::cuda
