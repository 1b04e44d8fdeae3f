#pragma once

#include "inference/cpu_backend.h"
#include "inference/model_config.h"
#include "inference/safetensors.h"

#include <cstdint>

namespace sluice::inference {

// What a model takes, by arithmetic. The sizes in `config` are those of a checkpoint whose tensors
// were found: then nothing overflows.

[[nodiscard]] std::int64_t num_parameters(const ModelConfig& config) noexcept;

/// Bytes of all matrices in `format`, each once: what decoding one token reads, whatever the batch.
[[nodiscard]] std::int64_t step_bytes(const ModelConfig& config, WeightFormat format) noexcept;

/// Bytes of the weights in memory, computed with in `format`, of a checkpoint in `stored`: the
/// matrices, the norms in fp32, and the embedding as it is stored, unless a matrix is the same.
[[nodiscard]] std::int64_t weight_bytes(const ModelConfig& config, WeightFormat format,
                                        DType stored) noexcept;

/// Bytes of keys and values that one token leaves in the KV cache.
[[nodiscard]] std::int64_t kv_token_bytes(const ModelConfig& config, WeightFormat format) noexcept;

}  // namespace sluice::inference
