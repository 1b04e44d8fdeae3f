// The arithmetic of what a model takes: the published parameter counts, and the files that exist.

#include "inference/model_size.h"

#include "inference/weights.h"
#include "tests/inference/test_model.h"
#include "tests/inference/tokenizer_fixtures.h"

#include <gtest/gtest.h>

namespace sluice::inference {
namespace {

ModelConfig qwen3(std::int64_t layers, std::int64_t hidden, std::int64_t intermediate,
                  std::int64_t heads, bool tied) {
  ModelConfig config;
  config.vocab_size = 151936;
  config.hidden_size = hidden;
  config.intermediate_size = intermediate;
  config.num_hidden_layers = layers;
  config.num_attention_heads = heads;
  config.num_key_value_heads = 8;
  config.head_dim = 128;
  config.max_position_embeddings = 40960;
  config.tie_word_embeddings = tied;
  return config;
}

TEST(ModelSize, CountsTheParametersOfTheReleasedModels) {
  EXPECT_EQ(num_parameters(qwen3(28, 1024, 3072, 16, true)), 596'049'920);      // 0.6B
  EXPECT_EQ(num_parameters(qwen3(28, 2048, 6144, 16, true)), 1'720'574'976);    // 1.7B
  EXPECT_EQ(num_parameters(qwen3(36, 2560, 9728, 32, true)), 4'022'468'096);    // 4B
  EXPECT_EQ(num_parameters(qwen3(36, 4096, 12288, 32, false)), 8'190'735'360);  // 8B
}

TEST(ModelSize, CountsTheKeysAndValuesOfAToken) {
  const ModelConfig config = qwen3(28, 1024, 3072, 16, true);
  EXPECT_EQ(kv_token_bytes(config, WeightFormat::bf16), 28 * 2 * 8 * 128 * 2);
  EXPECT_EQ(kv_token_bytes(config, WeightFormat::int8), 28 * 2 * 8 * 128 * 2);
  EXPECT_EQ(kv_token_bytes(config, WeightFormat::f32), 28 * 2 * 8 * 128 * 4);
}

TEST(ModelSize, CountsTheEmbeddingBesideAHeadThatIsNotIt) {
  const ModelConfig tied = qwen3(28, 1024, 3072, 16, true);
  const ModelConfig apart = qwen3(28, 1024, 3072, 16, false);
  const std::int64_t table = std::int64_t{151936} * 1024 * 2;
  const auto bytes = [](const ModelConfig& config, WeightFormat format) {
    return weight_bytes(config, format, DType::bf16);
  };
  EXPECT_EQ(bytes(apart, WeightFormat::bf16) - bytes(tied, WeightFormat::bf16), table);
  // A copy of the head in another format does not save the embedding as it is stored.
  EXPECT_EQ(bytes(apart, WeightFormat::int8), bytes(tied, WeightFormat::int8));
  EXPECT_EQ(step_bytes(apart, WeightFormat::bf16), step_bytes(tied, WeightFormat::bf16));
  EXPECT_LT(step_bytes(tied, WeightFormat::int8), step_bytes(tied, WeightFormat::bf16));
}

TEST(ModelSize, CountsAByteAndAScaleForASquareInFp8) {
  const ModelConfig config = qwen3(28, 1024, 3072, 16, true);
  const std::int64_t head = std::int64_t{151936} * 1024 * 2;
  const std::int64_t layers = step_bytes(config, WeightFormat::bf16) - head;
  EXPECT_EQ(step_bytes(config, WeightFormat::fp8),
            head + layers / 2 + layers / 2 / (128 * 128) * 2);
  EXPECT_EQ(weight_bytes(config, WeightFormat::bf16, DType::bf16) -
                weight_bytes(config, WeightFormat::fp8, DType::bf16),
            step_bytes(config, WeightFormat::bf16) - step_bytes(config, WeightFormat::fp8))
      << "the tied head stays the embedding";
  ModelConfig in_fp8 = config;
  in_fp8.has_fp8_weights = true;
  EXPECT_EQ(stored_bytes(config, DType::bf16), 2 * 596'049'920);
  EXPECT_EQ(stored_bytes(config, DType::bf16) - stored_bytes(in_fp8, DType::bf16),
            step_bytes(config, WeightFormat::bf16) - step_bytes(config, WeightFormat::fp8));
  EXPECT_EQ(kv_token_bytes(config, WeightFormat::fp8), kv_token_bytes(config, WeightFormat::bf16));
}

TEST(ModelSize, IsThatOfTheTensorsOfAFile) {
  const ModelConfig config = load_model_config(data_dir() / "tiny").value();
  const Weights weights = load_weights(data_dir() / "tiny", config).value();
  std::int64_t elements = weights.embedding.num_elements() + weights.norm.num_elements();
  if (!config.tie_word_embeddings) elements += weights.lm_head.num_elements();
  for (const LayerWeights& layer : weights.layers) {
    for (const TensorView* tensor :
         {&layer.input_norm, &layer.q_proj, &layer.k_proj, &layer.v_proj, &layer.o_proj,
          &layer.q_norm, &layer.k_norm, &layer.post_attention_norm, &layer.gate_proj,
          &layer.up_proj, &layer.down_proj})
      elements += tensor->num_elements();
  }
  EXPECT_EQ(num_parameters(config), elements);
}

}  // namespace
}  // namespace sluice::inference
