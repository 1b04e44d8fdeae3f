#pragma once

#include "inference/bf16.h"
#include "inference/cuda/cuda_backend.h"
#include "inference/vocabulary.h"
#include "tests/inference/test_model.h"

#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace sluice::inference {

/// As small as the kernels take: a head_dim of 64, five query heads for a kv head, a vocabulary
/// that fills neither a tile nor a word.
inline ModelConfig cuda_config() {
  ModelConfig config;
  config.vocab_size = 203;
  config.hidden_size = 96;
  config.intermediate_size = 160;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 5;
  config.num_key_value_heads = 1;
  config.head_dim = 64;
  config.max_position_embeddings = 640;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 1e6;
  return config;
}

inline CudaOptions cuda_options() {
  CudaOptions options;
  options.kv_cache_bytes = 4 << 20;
  options.max_rows = 96;
  options.max_parts = 12;
  return options;
}

/// All ids are text but those from `num_used` on.
inline Vocabulary cuda_vocabulary(std::size_t num_used = 203) {
  return Vocabulary(std::vector<Vocabulary::Entry>(num_used, {"x", Vocabulary::Kind::text}));
}

inline std::unique_ptr<Backend> cuda_backend(const ModelConfig& config = cuda_config(),
                                             const CudaOptions& options = cuda_options()) {
  return need(make_cuda_backend(config, RandomWeights(11).make(config), options));
}

/// The oracle: the same weights, rounded to bf16, and all else in fp32 on the processor.
inline std::unique_ptr<Backend> oracle_backend(const ModelConfig& config = cuda_config()) {
  Weights weights = RandomWeights(11).make(config);
  const auto round = [&](TensorView& tensor) {
    auto rounded = std::make_shared<std::vector<float>>();
    for (std::int64_t i = 0; i < tensor.num_elements(); ++i) {
      float value = 0;
      std::memcpy(&value, tensor.data + i * std::int64_t{sizeof value}, sizeof value);
      rounded->push_back(from_bf16(to_bf16(value)));
    }
    tensor.data = reinterpret_cast<const std::byte*>(rounded->data());
    weights.owners.push_back(std::move(rounded));
  };
  for (LayerWeights& layer : weights.layers) {
    for (TensorView* tensor :
         {&layer.input_norm, &layer.q_proj, &layer.k_proj, &layer.v_proj, &layer.o_proj,
          &layer.post_attention_norm, &layer.gate_proj, &layer.up_proj, &layer.down_proj}) {
      round(*tensor);
    }
  }
  for (TensorView* tensor : {&weights.norm, &weights.embedding, &weights.lm_head}) round(*tensor);
  return need(make_cpu_backend(config, weights, {.format = WeightFormat::f32, .threads = 1}));
}

/// `num` blocks from `first` on, the last in front: no order that a kernel could get right by
/// chance.
inline std::vector<KvBlock> some_blocks(KvBlock first, std::size_t num) {
  std::vector<KvBlock> blocks(num);
  std::iota(blocks.rbegin(), blocks.rend(), first);
  return blocks;
}

}  // namespace sluice::inference
