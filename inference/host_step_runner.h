#pragma once

#include "inference/sampler.h"
#include "inference/step_runner.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference {

/// Steps of a backend that computes on the processor: begin() is forward(), choose() is the
/// sampler, and nothing overlaps. A part that follows a choice is refused by forward().
class HostStepRunner final : public StepRunner {
 public:
  /// `backend` outlives it.
  HostStepRunner(Backend& backend, const Vocabulary& vocabulary);

  [[nodiscard]] bool overlaps() const noexcept override { return false; }
  [[nodiscard]] Result<void> begin(std::span<const StepPart> parts) override;
  [[nodiscard]] Result<void> choose(std::span<const TokenChoice> choices) override;
  [[nodiscard]] Result<void> collect(std::vector<Result<TokenLogprob>>& tokens) override;

 private:
  Backend& backend_;
  Sampler sampler_;
  std::size_t row_size_;
  std::vector<float> logits_;  ///< One row for each part of the step that wants them.
  std::vector<Result<TokenLogprob>> tokens_;
};

}  // namespace sluice::inference
