#include "inference/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sluice::inference {
namespace {

/// Which frequencies turn so often within the trained context that they are kept, and which so
/// rarely that they are stretched (Peng et al. 2023, section 3.2).
struct Ramp {
  double low = 0;
  double high = 0;

  Ramp(const ModelConfig& config, const YarnConfig& yarn) {
    const auto dim = static_cast<double>(config.head_dim);
    const auto context = static_cast<double>(yarn.original_max_position_embeddings);
    const auto turns = [&](double number) {  // The dimension that turns so many times.
      return dim * std::log(context / (number * 2 * std::numbers::pi)) /
             (2 * std::log(config.rope_theta));
    };
    low = std::max(std::floor(turns(yarn.beta_fast)), 0.0);
    high = std::min(std::ceil(turns(yarn.beta_slow)), dim - 1);
    if (low == high) high += 0.001;
  }

  /// 1: kept; 0: stretched.
  [[nodiscard]] float kept(std::size_t i) const noexcept {
    const auto at = (static_cast<float>(i) - static_cast<float>(low)) /
                    (static_cast<float>(high) - static_cast<float>(low));
    return 1 - std::clamp(at, 0.0F, 1.0F);
  }
};

}  // namespace

Rope::Rope(const ModelConfig& config) : inverse_(static_cast<std::size_t>(config.head_dim / 2)) {
  const auto theta = static_cast<float>(config.rope_theta);
  for (std::size_t i = 0; i < inverse_.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    inverse_[i] = 1.0F / std::pow(theta, exponent);
  }
  if (!config.yarn) return;
  factor_ = static_cast<float>(config.yarn->attention_factor);
  const Ramp ramp(config, *config.yarn);
  const auto stretch = static_cast<float>(config.yarn->factor);
  for (std::size_t i = 0; i < inverse_.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
    const float stretched = 1.0F / (stretch * std::pow(theta, exponent));
    inverse_[i] = stretched * (1 - ramp.kept(i)) + inverse_[i] * ramp.kept(i);
  }
}

void Rope::angles(std::int64_t position, float* cos, float* sin) const noexcept {
  for (std::size_t i = 0; i < inverse_.size(); ++i) {
    const float angle = static_cast<float>(position) * inverse_[i];
    cos[i] = static_cast<float>(std::cos(static_cast<double>(angle))) * factor_;
    sin[i] = static_cast<float>(std::sin(static_cast<double>(angle))) * factor_;
  }
}

}  // namespace sluice::inference
