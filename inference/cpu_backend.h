#pragma once

#include "inference/backend.h"
#include "inference/kernels.h"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/weights.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

namespace sluice::inference {

/// In what form the weights lie in memory. Sums are fp32 throughout.
enum class WeightFormat : std::uint8_t {
  bf16,  ///< Used where the file is mapped if it has bf16. KV cache in bf16.
  f32,   ///< A copy, unless the file has f32. KV cache in f32.
  fp8,   ///< As the checkpoint has them. On a GPU only. KV cache in bf16.
  int8,  ///< A copy, quantised with a scale for 32 columns; activations likewise. KV cache in bf16.
};

struct CpuOptions {
  WeightFormat format = WeightFormat::bf16;
  int threads = 0;  ///< The caller's included; 0: as many as processors, at most 2.
  std::int64_t kv_cache_bytes = std::int64_t{256} << 20;  ///< At least one block.
  std::optional<Isa> isa = std::nullopt;                  ///< Absent: the best.
};

/// What one block of the KV cache takes.
[[nodiscard]] std::int64_t kv_block_bytes(const ModelConfig& config, WeightFormat format) noexcept;

/// A model on the processor. Blocks never written hold zeros.
/// Errors: invalid_argument (options, or weights that do not fit the configuration);
/// resource_exhausted (memory).
[[nodiscard]] Result<std::unique_ptr<Backend>> make_cpu_backend(const ModelConfig& config,
                                                                Weights weights,
                                                                const CpuOptions& options);

/// The same from a folder with config.json and the weights.
/// Errors: also those of load_model_config() and load_weights().
[[nodiscard]] Result<std::unique_ptr<Backend>> load_cpu_backend(const std::filesystem::path& dir,
                                                                const CpuOptions& options);

}  // namespace sluice::inference
