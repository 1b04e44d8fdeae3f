#pragma once

#include "tests/inference/reference_math.h"

#include "inference/model_config.h"
#include "inference/weights.h"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::inference {

/// A mistake that an engine for this architecture can make, and has made somewhere.
enum class Mutation {
  none,
  interleaved_rope,  // Pairs (2i, 2i + 1) instead of (i, i + d / 2).
  no_q_norm,
  q_norm_after_rope,
  modulo_head_map,  // Query head j reads kv head j % K.
  large_eps,        // 1e-5.
  small_theta,      // 1e4.
  scale_of_hidden,  // 1 / sqrt(hidden / heads).
  no_final_norm,
  untied_head,      // The lm_head of the file, which tied embeddings leave unused.
  late_position,    // Queries one too far.
  sees_the_future,  // No causal mask.
};

/// The forward pass in double, as plainly as it can be said: no cache, no blocks, no kernels.
class ReferenceModel {
 public:
  ReferenceModel(ModelConfig config, Weights weights, Mutation mutation)
      : config_(std::move(config)), weights_(std::move(weights)), mutation_(mutation) {
    if (mutation == Mutation::large_eps) config_.rms_norm_eps = 1e-5;
    if (mutation == Mutation::small_theta) config_.rope_theta = 1e4;
  }

  [[nodiscard]] Rows logits(const std::vector<TokenId>& tokens) const {
    Rows x;
    for (const TokenId token : tokens) x.push_back(row_of(weights_.embedding, token));
    for (const LayerWeights& layer : weights_.layers) {
      add(x, attention(layer, normed(x, layer.input_norm)));
      add(x, feed_forward(layer, normed(x, layer.post_attention_norm)));
    }
    if (mutation_ != Mutation::no_final_norm) x = normed(x, weights_.norm);
    return product(weights_.lm_head, x);
  }

 private:
  void norm(double* x, std::size_t n, const TensorView& tensor) const {
    const Row weight = row_of(tensor, 0);
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += x[i] * x[i];
    const double factor = 1 / std::sqrt(squares / static_cast<double>(n) + config_.rms_norm_eps);
    for (std::size_t i = 0; i < n; ++i) x[i] *= factor * weight[i];
  }

  [[nodiscard]] Rows normed(Rows x, const TensorView& weight) const {
    for (Row& row : x) norm(row.data(), row.size(), weight);
    return x;
  }

  void rotate(double* x, std::size_t position) const {
    const auto dim = static_cast<std::size_t>(config_.head_dim);
    for (std::size_t i = 0; i < dim / 2; ++i) {
      const double exponent = static_cast<double>(2 * i) / static_cast<double>(dim);
      const double angle = static_cast<double>(position) / std::pow(config_.rope_theta, exponent);
      const bool interleaved = mutation_ == Mutation::interleaved_rope;
      double& a = x[interleaved ? 2 * i : i];
      double& b = x[interleaved ? 2 * i + 1 : i + dim / 2];
      const double turned = a * std::cos(angle) - b * std::sin(angle);
      b = b * std::cos(angle) + a * std::sin(angle);
      a = turned;
    }
  }

  void norm_and_rotate(Rows& rows, std::int64_t num_heads, const TensorView& weight,
                       bool is_query) const {
    const auto dim = static_cast<std::size_t>(config_.head_dim);
    const bool late = is_query && mutation_ == Mutation::q_norm_after_rope;
    const bool skip = is_query && mutation_ == Mutation::no_q_norm;
    for (std::size_t t = 0; t < rows.size(); ++t) {
      for (std::size_t h = 0; h < static_cast<std::size_t>(num_heads); ++h) {
        double* head = rows[t].data() + h * dim;
        if (!late && !skip) norm(head, dim, weight);
        rotate(head, is_query && mutation_ == Mutation::late_position ? t + 1 : t);
        if (late) norm(head, dim, weight);
      }
    }
  }

  [[nodiscard]] Rows attention(const LayerWeights& layer, const Rows& x) const {
    Rows q = product(layer.q_proj, x);
    Rows k = product(layer.k_proj, x);
    const Rows v = product(layer.v_proj, x);
    norm_and_rotate(q, config_.num_attention_heads, layer.q_norm, true);
    norm_and_rotate(k, config_.num_key_value_heads, layer.k_norm, false);
    const auto heads = static_cast<std::size_t>(config_.num_attention_heads);
    Rows out(x.size(), Row(static_cast<std::size_t>(config_.q_size())));
    for (std::size_t t = 0; t < x.size(); ++t) {
      for (std::size_t h = 0; h < heads; ++h) attend(q[t], k, v, t, h, out[t]);
    }
    return product(layer.o_proj, out);
  }

  void attend(const Row& q, const Rows& k, const Rows& v, std::size_t t, std::size_t head,
              Row& out) const {
    const auto dim = static_cast<std::size_t>(config_.head_dim);
    const auto heads = static_cast<std::size_t>(config_.num_attention_heads);
    const auto kv_heads = static_cast<std::size_t>(config_.num_key_value_heads);
    const bool modulo = mutation_ == Mutation::modulo_head_map;
    const std::size_t kv = (modulo ? head % kv_heads : head / (heads / kv_heads)) * dim;
    const bool of_hidden = mutation_ == Mutation::scale_of_hidden;
    const auto width = of_hidden ? static_cast<std::size_t>(config_.hidden_size) / heads : dim;
    const double scale = 1 / std::sqrt(static_cast<double>(width));
    const std::size_t seen = mutation_ == Mutation::sees_the_future ? k.size() : t + 1;
    Row weights(seen);
    double sum = 0;
    for (std::size_t j = 0; j < seen; ++j) {
      double score = 0;
      for (std::size_t i = 0; i < dim; ++i) score += q[head * dim + i] * k[j][kv + i];
      sum += weights[j] = std::exp(score * scale);
    }
    for (std::size_t j = 0; j < seen; ++j) {
      for (std::size_t i = 0; i < dim; ++i) out[head * dim + i] += weights[j] / sum * v[j][kv + i];
    }
  }

  [[nodiscard]] Rows feed_forward(const LayerWeights& layer, const Rows& x) const {
    Rows gate = product(layer.gate_proj, x);
    const Rows up = product(layer.up_proj, x);
    for (std::size_t t = 0; t < gate.size(); ++t) {
      for (std::size_t i = 0; i < gate[t].size(); ++i) {
        gate[t][i] = gate[t][i] / (1 + std::exp(-gate[t][i])) * up[t][i];
      }
    }
    return product(layer.down_proj, gate);
  }

  ModelConfig config_;
  Weights weights_;
  Mutation mutation_;
};

}  // namespace sluice::inference
