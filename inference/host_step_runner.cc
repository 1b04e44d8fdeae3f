#include "inference/host_step_runner.h"

#include "inference/assert.h"

#include <algorithm>
#include <utility>

namespace sluice::inference {

HostStepRunner::HostStepRunner(Backend& backend, const Vocabulary& vocabulary)
    : backend_(backend),
      sampler_(vocabulary, backend.config().vocab_size),
      row_size_(static_cast<std::size_t>(backend.config().vocab_size)) {}

Result<void> HostStepRunner::begin(std::span<const StepPart> parts) {
  const auto rows = std::ranges::count_if(parts, &StepPart::wants_logits);
  logits_.resize(static_cast<std::size_t>(rows) * row_size_);
  return backend_.forward(parts, logits_);
}

Result<void> HostStepRunner::choose(std::span<const TokenChoice> choices) {
  INFERENCE_ASSERT(choices.size() * row_size_ == logits_.size());
  tokens_.clear();
  std::span<float> left = logits_;
  for (const TokenChoice& choice : choices) {
    const auto row = left.first(row_size_);
    left = left.subspan(row_size_);
    tokens_.push_back(choice.params == nullptr
                          ? TokenLogprob()
                          : sampler_.choose(*choice.params, *choice.counts,
                                            {row, choice.allowed, choice.position}));
  }
  return {};
}

Result<void> HostStepRunner::collect(std::vector<Result<TokenLogprob>>& tokens) {
  tokens.swap(tokens_);
  return {};
}

std::unique_ptr<StepRunner> Backend::step_runner(const Vocabulary& vocabulary) {
  return std::make_unique<HostStepRunner>(*this, vocabulary);
}

}  // namespace sluice::inference
