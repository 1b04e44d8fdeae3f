#include "inference/tools/bench_models.h"

#include "inference/buffer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace sluice::inference {
namespace {

struct Shape {
  const char* name;
  std::int64_t layers, hidden, heads, kv_heads, intermediate;
  bool tied;
};

constexpr Shape kShapes[] = {{"0.6B", 28, 1024, 16, 8, 3072, true},
                             {"1.7B", 28, 2048, 16, 8, 6144, true},
                             {"4B", 36, 2560, 32, 8, 9728, true},
                             {"8B", 36, 4096, 32, 8, 12288, false}};

/// Hands out one buffer from front to back, and from the front again.
class PatternWeights {
 public:
  explicit PatternWeights(std::int64_t bytes)
      : buffer_(std::make_shared<Buffer>(Buffer::make(bytes, "weights").value())) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.03F);
    std::vector<std::uint16_t> pattern((1 << 20) + 7);
    for (auto& value : pattern) {
      const float number = normal(random);
      std::memcpy(&value, reinterpret_cast<const char*>(&number) + 2, sizeof value);
    }
    const auto step = static_cast<std::int64_t>(pattern.size() * sizeof pattern[0]);
    for (std::int64_t at = 0; at < bytes; at += step) {
      std::memcpy(buffer_->data() + at, pattern.data(),
                  static_cast<std::size_t>(std::min(step, bytes - at)));
    }
  }

  TensorView take(std::vector<std::int64_t> shape) {
    TensorView view = {DType::bf16, std::move(shape), nullptr};
    const std::int64_t bytes = view.num_elements() * 2;
    if (used_ + bytes > static_cast<std::int64_t>(buffer_->size())) used_ = 0;
    view.data = buffer_->data() + used_;
    used_ += bytes;
    return view;
  }

  [[nodiscard]] const std::shared_ptr<Buffer>& buffer() const { return buffer_; }

 private:
  std::shared_ptr<Buffer> buffer_;
  std::int64_t used_ = 0;
};

}  // namespace

ModelConfig bench_config(const std::string& model) {
  const auto* shape = std::ranges::find(kShapes, model, &Shape::name);
  if (shape == std::end(kShapes)) {
    std::fprintf(stderr, "no shape of the name %s: want 0.6B, 1.7B, 4B or 8B\n", model.c_str());
    std::exit(2);
  }
  ModelConfig config;
  config.vocab_size = 151936;
  config.hidden_size = shape->hidden;
  config.intermediate_size = shape->intermediate;
  config.num_hidden_layers = shape->layers;
  config.num_attention_heads = shape->heads;
  config.num_key_value_heads = shape->kv_heads;
  config.head_dim = 128;
  config.max_position_embeddings = 40960;
  config.rms_norm_eps = 1e-6;
  config.rope_theta = 1e6;
  config.tie_word_embeddings = shape->tied;
  return config;
}

Weights bench_weights(const ModelConfig& config) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t wide = config.intermediate_size;
  PatternWeights pattern(std::max(std::int64_t{1'200'000'000}, 2 * config.vocab_size * hidden));
  Weights weights;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    weights.layers.push_back({.input_norm = pattern.take({hidden}),
                              .q_proj = pattern.take({config.q_size(), hidden}),
                              .k_proj = pattern.take({config.kv_size(), hidden}),
                              .v_proj = pattern.take({config.kv_size(), hidden}),
                              .o_proj = pattern.take({hidden, config.q_size()}),
                              .q_norm = pattern.take({config.head_dim}),
                              .k_norm = pattern.take({config.head_dim}),
                              .post_attention_norm = pattern.take({hidden}),
                              .gate_proj = pattern.take({wide, hidden}),
                              .up_proj = pattern.take({wide, hidden}),
                              .down_proj = pattern.take({hidden, wide})});
  }
  weights.norm = pattern.take({hidden});
  weights.embedding = pattern.take({config.vocab_size, hidden});
  weights.lm_head =
      config.tie_word_embeddings ? weights.embedding : pattern.take({config.vocab_size, hidden});
  weights.owners.push_back(pattern.buffer());
  return weights;
}

}  // namespace sluice::inference
