#pragma once

#include "inference/cpu_backend.h"
#include "inference/weights.h"
#include "tests/inference/need.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace sluice::inference {

/// Random weights in memory, of unit gain; norms from 0.5 to 1.5.
class RandomWeights {
 public:
  explicit RandomWeights(std::uint32_t seed) : random_(seed) {}

  Weights make(const ModelConfig& config) {
    const std::int64_t hidden = config.hidden_size;
    const std::int64_t intermediate = config.intermediate_size;
    weights_.embedding = matrix(config.vocab_size, hidden);
    for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
      weights_.layers.push_back({.input_norm = norm(hidden),
                                 .q_proj = matrix(config.q_size(), hidden),
                                 .k_proj = matrix(config.kv_size(), hidden),
                                 .v_proj = matrix(config.kv_size(), hidden),
                                 .o_proj = matrix(hidden, config.q_size()),
                                 .q_norm = norm(config.head_dim),
                                 .k_norm = norm(config.head_dim),
                                 .post_attention_norm = norm(hidden),
                                 .gate_proj = matrix(intermediate, hidden),
                                 .up_proj = matrix(intermediate, hidden),
                                 .down_proj = matrix(hidden, intermediate)});
    }
    weights_.norm = norm(hidden);
    weights_.lm_head =
        config.tie_word_embeddings ? weights_.embedding : matrix(config.vocab_size, hidden);
    return weights_;
  }

 private:
  TensorView tensor(std::vector<std::int64_t> shape, std::vector<float> values) {
    auto owner = std::make_shared<const std::vector<float>>(std::move(values));
    weights_.owners.push_back(owner);
    return {DType::f32, std::move(shape), reinterpret_cast<const std::byte*>(owner->data())};
  }
  TensorView norm(std::int64_t size) {
    std::uniform_real_distribution<float> uniform(0.5F, 1.5F);
    std::vector<float> values(static_cast<std::size_t>(size));
    for (float& value : values) value = uniform(random_);
    return tensor({size}, std::move(values));
  }
  TensorView matrix(std::int64_t rows, std::int64_t columns) {
    std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(columns)));
    std::vector<float> values(static_cast<std::size_t>(rows * columns));
    for (float& value : values) value = normal(random_);
    return tensor({rows, columns}, std::move(values));
  }

  std::mt19937 random_;
  Weights weights_;
};

/// Small, and with no size that is a multiple of a vector's.
inline ModelConfig small_config() {
  ModelConfig config;
  config.vocab_size = 203;
  config.hidden_size = 90;
  config.intermediate_size = 150;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 6;
  config.num_key_value_heads = 2;
  config.head_dim = 36;
  config.max_position_embeddings = 512;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 1e6;
  return config;
}

inline std::unique_ptr<Backend> small_backend(const CpuOptions& options) {
  return need(make_cpu_backend(small_config(), RandomWeights(11).make(small_config()), options));
}

inline std::vector<TokenId> random_tokens(std::mt19937& random, std::size_t n, int vocab_size) {
  std::uniform_int_distribution<TokenId> id(0, vocab_size - 1);
  std::vector<TokenId> tokens(n);
  for (TokenId& token : tokens) token = id(random);
  return tokens;
}

/// Logits behind every token, run one at a time in the blocks given.
inline std::vector<std::vector<float>> step_by_step(Backend& backend,
                                                    std::span<const TokenId> tokens,
                                                    std::span<const KvBlock> blocks) {
  std::vector<std::vector<float>> all;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto& logits = all.emplace_back(static_cast<std::size_t>(backend.config().vocab_size));
    const StepPart part = {tokens.subspan(i, 1), static_cast<std::int64_t>(i), blocks, true};
    need(backend.forward({&part, 1}, logits));
  }
  return all;
}

/// The instruction sets of this processor.
inline std::vector<Isa> isas() {
  std::vector<Isa> all;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    if (isa <= best_isa()) all.push_back(isa);
  }
  return all;
}

inline constexpr WeightFormat kFormats[] = {WeightFormat::bf16, WeightFormat::f32,
                                            WeightFormat::int8};

}  // namespace sluice::inference
