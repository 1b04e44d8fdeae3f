#include "inference/tools/bench_models.h"

#include "inference/bf16.h"
#include "inference/buffer.h"
#include "inference/fp8.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string_view>
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

/// Hands out one buffer from front to back, and from the front again; matrices in fp8 where asked.
class PatternWeights {
 public:
  PatternWeights(std::int64_t bytes, bool is_fp8)
      : buffer_(std::make_shared<Buffer>(Buffer::make(bytes, "weights").value())), is_fp8_(is_fp8) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 0.03F);
    std::vector<std::uint16_t> pattern((1 << 20) + 7);
    for (auto& value : pattern) {
      if (is_fp8_) {  // Two of them, up to 1.9; as a bf16, of the tables, no more than 1.9 either.
        value = static_cast<std::uint16_t>(random() & 0xbfbf);
        continue;
      }
      const float number = normal(random);
      std::memcpy(&value, reinterpret_cast<const char*>(&number) + 2, sizeof value);
    }
    const auto step = static_cast<std::int64_t>(pattern.size() * sizeof pattern[0]);
    for (std::int64_t at = 0; at < bytes; at += step) {
      std::memcpy(buffer_->data() + at, pattern.data(),
                  static_cast<std::size_t>(std::min(step, bytes - at)));
    }
  }

  TensorView take(std::vector<std::int64_t> shape) { return take(DType::bf16, std::move(shape)); }

  TensorView take_matrix(std::int64_t rows, std::int64_t columns) {
    if (!is_fp8_) return take({rows, columns});
    TensorView view = take(DType::fp8, {rows, columns});
    const std::vector<std::int64_t> blocks = {fp8_blocks(rows), fp8_blocks(columns)};
    const std::vector<std::uint16_t> scales(static_cast<std::size_t>(blocks[0] * blocks[1]),
                                            to_bf16(0.03F));
    auto owned = std::make_shared<std::vector<std::uint16_t>>(scales);
    view.scales = std::make_shared<const TensorView>(
        TensorView{DType::bf16, blocks, reinterpret_cast<const std::byte*>(owned->data())});
    scales_.push_back(std::move(owned));
    return view;
  }

  [[nodiscard]] std::vector<std::shared_ptr<const void>> owners() const {
    std::vector<std::shared_ptr<const void>> owners = scales_;
    owners.push_back(buffer_);
    return owners;
  }

 private:
  TensorView take(DType dtype, std::vector<std::int64_t> shape) {
    TensorView view = {dtype, std::move(shape), nullptr};
    const std::int64_t bytes = view.num_elements() * static_cast<std::int64_t>(size_of(dtype));
    if (used_ + bytes > static_cast<std::int64_t>(buffer_->size())) used_ = 0;
    view.data = buffer_->data() + used_;
    used_ += bytes;
    return view;
  }

  std::shared_ptr<Buffer> buffer_;
  std::vector<std::shared_ptr<const void>> scales_;
  bool is_fp8_;
  std::int64_t used_ = 0;
};

}  // namespace

ModelConfig bench_config(const std::string& model) {
  constexpr std::string_view kFp8 = "-FP8";
  ModelConfig config;
  config.has_fp8_weights = model.ends_with(kFp8);
  const std::string name =
      model.substr(0, model.size() - (config.has_fp8_weights ? kFp8.size() : 0));
  const auto* shape = std::ranges::find(kShapes, name, &Shape::name);
  if (shape == std::end(kShapes)) {
    std::fprintf(stderr, "no shape of the name %s: want 0.6B, 1.7B, 4B or 8B, or with -FP8\n",
                 model.c_str());
    std::exit(2);
  }
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
  PatternWeights pattern(std::max(std::int64_t{1'200'000'000}, 2 * config.vocab_size * hidden),
                         config.has_fp8_weights);
  Weights weights;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    weights.layers.push_back({.input_norm = pattern.take({hidden}),
                              .q_proj = pattern.take_matrix(config.q_size(), hidden),
                              .k_proj = pattern.take_matrix(config.kv_size(), hidden),
                              .v_proj = pattern.take_matrix(config.kv_size(), hidden),
                              .o_proj = pattern.take_matrix(hidden, config.q_size()),
                              .q_norm = pattern.take({config.head_dim}),
                              .k_norm = pattern.take({config.head_dim}),
                              .post_attention_norm = pattern.take({hidden}),
                              .gate_proj = pattern.take_matrix(wide, hidden),
                              .up_proj = pattern.take_matrix(wide, hidden),
                              .down_proj = pattern.take_matrix(hidden, wide)});
  }
  weights.norm = pattern.take({hidden});
  weights.embedding = pattern.take({config.vocab_size, hidden});
  weights.lm_head =
      config.tie_word_embeddings ? weights.embedding : pattern.take({config.vocab_size, hidden});
  weights.owners = pattern.owners();
  return weights;
}

}  // namespace sluice::inference
