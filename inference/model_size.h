#pragma once

#include "inference/cpu_backend.h"
#include "inference/model_config.h"
#include "inference/safetensors.h"

#include <cstdint>

namespace sluice::inference {

// What a model takes, by arithmetic. The sizes in `config` are those of a checkpoint whose tensors
// were found: then nothing overflows.

[[nodiscard]] std::int64_t num_parameters(const ModelConfig& config) noexcept;

/// Bytes of all parameters in a checkpoint whose embedding is `stored` so: those of the layers'
/// matrices too, unless it has them in fp8.
[[nodiscard]] std::int64_t stored_bytes(const ModelConfig& config, DType stored) noexcept;

/// Bytes of all matrices in `format`, each once: what decoding one token reads, whatever the batch.
[[nodiscard]] std::int64_t step_bytes(const ModelConfig& config, WeightFormat format) noexcept;

/// Bytes of the weights in memory, computed with in `format`, of a checkpoint in `stored`: the
/// matrices, the norms in fp32, and the embedding as it is stored, unless a matrix is the same.
[[nodiscard]] std::int64_t weight_bytes(const ModelConfig& config, WeightFormat format,
                                        DType stored) noexcept;

/// Bytes of keys and values that one token leaves in the KV cache.
[[nodiscard]] std::int64_t kv_token_bytes(const ModelConfig& config, WeightFormat format) noexcept;

/// Bytes of the KV cache's blocks for so many tokens.
[[nodiscard]] std::int64_t context_bytes(const ModelConfig& config, WeightFormat format,
                                         std::int64_t tokens) noexcept;

/// What the KV cache has where nobody says: room for one context, of `max_context` tokens or, where
/// that is 0, of the model's own; at least 64 MiB, and more than 1 GiB only for a `max_context`.
[[nodiscard]] std::int64_t default_kv_cache_bytes(const ModelConfig& config, WeightFormat format,
                                                  std::int64_t max_context) noexcept;

}  // namespace sluice::inference
