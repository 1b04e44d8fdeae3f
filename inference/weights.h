#pragma once

#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/safetensors.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace sluice::inference {

/// The tensors of one decoder layer. Shapes in terms of ModelConfig. Matrices may be in fp8.
struct LayerWeights {
  TensorView input_norm;           // (hidden_size)
  TensorView q_proj;               // (q_size, hidden_size)
  TensorView k_proj;               // (kv_size, hidden_size)
  TensorView v_proj;               // (kv_size, hidden_size)
  TensorView o_proj;               // (hidden_size, q_size)
  TensorView q_norm;               // (head_dim)
  TensorView k_norm;               // (head_dim)
  TensorView post_attention_norm;  // (hidden_size)
  TensorView gate_proj;            // (intermediate_size, hidden_size)
  TensorView up_proj;              // (intermediate_size, hidden_size)
  TensorView down_proj;            // (hidden_size, intermediate_size)
};

/// All tensors of a model, where they lie: in mapped files, or in memory of whoever made them.
struct Weights {
  std::vector<std::shared_ptr<const void>> owners;  ///< Keep the views alive.
  TensorView embedding;                             // (vocab_size, hidden_size)
  std::vector<LayerWeights> layers;
  TensorView norm;     // (hidden_size)
  TensorView lm_head;  // (vocab_size, hidden_size); the embedding where they are tied.
};

/// Maps DIR/model.safetensors, or the shards that DIR/model.safetensors.index.json names, and finds
/// every tensor of the model with the shape that `config` asks for and dtype bf16, f16 or f32; of
/// the layers, where has_fp8_weights says so, fp8 as well, with NAME_scale_inv beside it. No weight
/// is read or copied. Names may lack the "model." in front. Of tied embeddings a separate
/// lm_head.weight is ignored; of others it must be there.
/// Errors: not_found, unavailable; invalid_argument, naming the file and the tensor.
[[nodiscard]] Result<Weights> load_weights(const std::filesystem::path& dir,
                                           const ModelConfig& config);

/// Whether all matrices of all layers are in fp8, with scales in bf16: as Qwen releases them.
[[nodiscard]] bool are_fp8(const Weights& weights) noexcept;

}  // namespace sluice::inference
