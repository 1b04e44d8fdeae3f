#pragma once

#include "cli/model_flags.h"
#include "inference/safetensors.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// What a model takes when it is computed with in one format, in bytes.
struct FormatFacts {
  inference::WeightFormat format = inference::WeightFormat::bf16;
  std::int64_t weights = 0;
  std::int64_t kv_token = 0;     ///< Of one token in the KV cache.
  std::int64_t kv_cache = 0;     ///< As large as asked for, else default_kv_cache_bytes().
  std::int64_t max_context = 0;  ///< Tokens that this cache has room for, within the model's own.
  std::int64_t room = 0;         ///< Of the GPU for fp8, else of this machine: what is available.
  [[nodiscard]] std::int64_t total() const noexcept { return weights + kv_cache; }
  [[nodiscard]] bool fits() const noexcept { return max_context > 0 && total() <= room; }
};

/// What a checkpoint is. Of a part that cannot be read, why.
struct ModelFacts {
  std::string dir;
  inference::ModelConfig config;
  inference::DType stored = inference::DType::other;         ///< The embedding.
  inference::DType stored_layers = inference::DType::other;  ///< The matrices of layers.
  std::vector<std::pair<std::string, std::int64_t>> files;   ///< By name, with their bytes.
  std::int64_t parameters = 0;
  std::vector<FormatFacts> formats;  ///< Those of the CPU, and fp8 where the checkpoint has it.

  std::int64_t tokens = 0;    ///< Of the tokenizer.
  std::int64_t controls = 0;  ///< Of these, control tokens.
  std::optional<std::string> tokenizer_problem;
  std::string thinking;  ///< How the chat template begins an answer.
  std::optional<std::string> template_problem;
  std::vector<std::pair<inference::TokenId, std::string>> eos;  ///< With their names.
  std::optional<std::string> eos_problem;

  std::optional<inference::DeviceChoice> device;  ///< Where it would run.
  std::optional<std::string> device_problem;

  std::int64_t memory = 0;     ///< Of this machine, or what a cgroup leaves of it.
  std::int64_t available = 0;  ///< Of that, free or to be had.

  /// A model that lacks nothing: it can be loaded.
  [[nodiscard]] bool is_complete() const noexcept {
    return !tokenizer_problem && !template_problem && !eos_problem && !device_problem;
  }
};

/// Reads all of a checkpoint but its weights, whose places and shapes are checked.
/// Errors: those of config.json and the weights, without which there is nothing to tell.
[[nodiscard]] inference::Result<ModelFacts> read_model_facts(const ModelFlags& flags);

/// "bfloat16", "int8", "float32": as --dtype has it.
[[nodiscard]] std::string_view dtype_name(inference::WeightFormat format) noexcept;

}  // namespace sluice
