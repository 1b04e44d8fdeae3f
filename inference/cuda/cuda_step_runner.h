#pragma once

#include "inference/cuda/cuda_pass.h"
#include "inference/cuda/device_memory.h"
#include "inference/sampler.h"
#include "inference/step_runner.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace sluice::inference::cuda {

/// Steps that overlap: the host waits for nothing but the tokens of the step before, and those stay
/// on the device for the step that follows them.
///
/// What the kernels do not choose (penalties, logprobs, a temperature without top_k or with one
/// above kMaxTopK) the host's sampler chooses from a copy of the logits; a step with such a choice
/// does not overlap.
class CudaStepRunner final : public StepRunner {
 public:
  /// `pass` outlives it. Errors: resource_exhausted, unavailable.
  static Result<std::unique_ptr<CudaStepRunner>> make(CudaPass& pass, const Vocabulary& vocabulary);

  ~CudaStepRunner() override;

  [[nodiscard]] bool overlaps() const noexcept override { return true; }
  [[nodiscard]] Result<void> begin(std::span<const StepPart> parts) override;
  [[nodiscard]] Result<void> choose(std::span<const TokenChoice> choices) override;
  [[nodiscard]] Result<void> collect(std::vector<Result<TokenLogprob>>& tokens) override;

 private:
  CudaStepRunner(CudaPass& pass, const Vocabulary& vocabulary);
  Result<void> prepare();
  Result<void> start(std::span<const StepPart> parts);
  Result<void> start_choosing(std::span<const TokenChoice> choices);
  Result<void> choose_on_host(std::size_t index, const TokenChoice& choice);
  [[nodiscard]] bool write_masks(std::span<const TokenChoice> choices);
  Result<void> settled(Result<void> result);
  [[nodiscard]] std::size_t mask_words() const noexcept { return used_.size(); }

  CudaPass& pass_;
  Sampler sampler_;
  std::vector<std::uint32_t> used_;  ///< Bit i % 32 of word i / 32: token i stands for something.
  int num_used_ = 0;                 ///< One more than the last of them.
  bool has_holes_ = false;           ///< Some before it stand for nothing.

  // Written by the host while no copy from it is on its way: between collect() and the next.
  PinnedMemory host_choices_;  ///< (max_parts) DeviceChoice
  PinnedMemory host_masks_;    ///< (max_parts, mask_words)
  PinnedMemory host_logits_;   ///< (vocab_size)
  PinnedMemory host_tokens_;   ///< (max_parts): what the step before came to
  DeviceMemory choices_;
  DeviceMemory masks_;
  OwnedEvent chosen_;

  int num_wanted_ = 0;                                        ///< Of the step that has begun.
  std::size_t num_chosen_ = 0;                                ///< Of the step to be collected.
  std::vector<std::optional<Result<TokenLogprob>>> by_host_;  ///< Of that, what the host chose.
};

}  // namespace sluice::inference::cuda
