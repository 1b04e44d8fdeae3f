#pragma once

#include "inference/model_config.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference {

/// Rotary position embedding: the angles by which the two halves of a head are turned. In fp32 step
/// by step as transformers does it, because that is what models are compared with at position
/// 100,000.
class Rope {
 public:
  explicit Rope(const ModelConfig& config);

  /// Of each pair (i, i + head_dim / 2), at position 1.
  [[nodiscard]] std::span<const float> inverse_frequencies() const noexcept { return inverse_; }

  /// cos and sin of the angles at `position`, times the attention factor of YaRN; head_dim / 2
  /// floats each.
  void angles(std::int64_t position, float* cos, float* sin) const noexcept;

 private:
  std::vector<float> inverse_;
  float factor_ = 1;
};

}  // namespace sluice::inference
