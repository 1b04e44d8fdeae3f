#pragma once

#include "inference/result.h"
#include "inference/token.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// YaRN: rotary angles stretched for contexts longer than the model was trained on (Peng et al.
/// 2023, as transformers' modeling_rope_utils computes it).
struct YarnConfig {
  double factor = 1;
  std::int64_t original_max_position_embeddings = 0;
  double beta_fast = 32;
  double beta_slow = 1;
  double attention_factor = 0;  ///< Multiplies cos and sin; 0: 0.1 ln(factor) + 1.
};

/// config.json of a dense Qwen3, checked: every size is positive and they fit each other.
struct ModelConfig {
  std::int64_t vocab_size = 0;  ///< Rows of the embedding, padding rows included.
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t num_key_value_heads = 0;  ///< Divides num_attention_heads.
  std::int64_t head_dim = 0;             ///< Even; not always hidden_size / num_attention_heads.
  std::int64_t max_position_embeddings = 0;
  double rms_norm_eps = 0;
  double rope_theta = 0;
  std::optional<YarnConfig> yarn;
  bool tie_word_embeddings = false;
  bool has_fp8_weights = false;  ///< The layers' matrices are stored so, as in Qwen's FP8 releases.

  [[nodiscard]] std::int64_t q_size() const noexcept { return num_attention_heads * head_dim; }
  [[nodiscard]] std::int64_t kv_size() const noexcept { return num_key_value_heads * head_dim; }
};

/// generation_config.json: what ends a generation, and how the model's makers sample.
struct GenerationConfig {
  std::vector<TokenId> eos_token_ids;
  bool do_sample = false;
  double temperature = 1;
  std::int64_t top_k = 0;  ///< 0: all.
  double top_p = 1;
};

/// Reads DIR/config.json as transformers 4 and 5 write it. Nothing has a default that a released
/// model does not have: a missing key is an error.
/// Errors: not_found, invalid_argument; each names the file and the key. What would be computed
/// wrongly (sliding window, unknown rope type, mixture of experts, biases) is refused by name.
[[nodiscard]] Result<ModelConfig> load_model_config(const std::filesystem::path& dir);

/// The same of the file's text; `what` names it in errors.
[[nodiscard]] Result<ModelConfig> parse_model_config(std::string_view text,
                                                     const std::string& what);

/// Reads DIR/generation_config.json; where it is absent, the eos ids of config.json.
/// Errors: as load_model_config(); also when no eos id is known.
[[nodiscard]] Result<GenerationConfig> load_generation_config(const std::filesystem::path& dir);

/// Of the text of a generation_config.json alone: the eos ids may be missing.
[[nodiscard]] Result<GenerationConfig> parse_generation_config(std::string_view text,
                                                               const std::string& what);

}  // namespace sluice::inference
