// Any bytes as a config.json and, behind the first NUL, as a generation_config.json: no crash, and
// what is accepted has the properties that its declaration promises and sizes that can be computed
// with.

#include "inference/cpu_backend.h"
#include "inference/model_config.h"
#include "tests/fuzz/inference_properties.h"

#include <cmath>

namespace sluice::inference {
namespace {

void check(const ModelConfig& config) {
  for (const std::int64_t one :
       {config.vocab_size, config.hidden_size, config.intermediate_size, config.num_hidden_layers,
        config.num_attention_heads, config.num_key_value_heads, config.head_dim,
        config.max_position_embeddings, config.q_size(), config.kv_size()})
    INFERENCE_ASSERT(one > 0);
  INFERENCE_ASSERT(config.num_attention_heads % config.num_key_value_heads == 0);
  INFERENCE_ASSERT(config.head_dim % 2 == 0);
  INFERENCE_ASSERT(std::isfinite(config.rms_norm_eps) && config.rms_norm_eps > 0);
  INFERENCE_ASSERT(std::isfinite(config.rope_theta) && config.rope_theta > 0);
  if (config.yarn) INFERENCE_ASSERT(config.yarn->factor >= 1);
  for (const auto format : {WeightFormat::bf16, WeightFormat::f32, WeightFormat::int8})
    INFERENCE_ASSERT(kv_block_bytes(config, format) > 0);
}

void check(const GenerationConfig& config) {
  for (const TokenId id : config.eos_token_ids) INFERENCE_ASSERT(id >= 0);
  INFERENCE_ASSERT(std::isfinite(config.temperature) && config.temperature >= 0);
  INFERENCE_ASSERT(config.top_p > 0 && config.top_p <= 1);
  INFERENCE_ASSERT(config.top_k >= 0);
}

template <typename Config>
void check(const Result<Config>& config) {
  if (config) {
    check(config.value());
  } else {
    fuzz::check_refused(config.error());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [model, generation] = fuzz::cut(fuzz::text_of(data, size), '\0');
  check(parse_model_config(model, "config.json"));
  check(parse_generation_config(generation, "generation_config.json"));
  return 0;
}

}  // namespace sluice::inference
