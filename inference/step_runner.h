#pragma once

#include "inference/backend.h"
#include "inference/generation.h"
#include "inference/result.h"
#include "inference/sampler.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference {

/// How the next token of a part that wants logits is chosen.
struct TokenChoice {
  const SamplingParams* params = nullptr;  ///< Null: void. Nobody wants the token any more.
  const TokenCounts* counts = nullptr;     ///< For the penalties; set where `params` is.
  std::span<const std::uint64_t> allowed;  ///< As NextToken has it.
  std::uint64_t position = 0;              ///< Of the token in its generation, prompt included.
};

/// Steps of one backend, token choice included, in three calls each, so that the device can compute
/// while the host does its part:
///
///     begin(1) choose(1)  begin(2) collect(1) choose(2)  begin(3) collect(2) choose(3)  ...
///
/// Steps run in the order in which they began, each after the one before it has run and its tokens
/// have been chosen: a step may write into blocks that an earlier one reads or writes, and read
/// what that wrote. begin() comes when the step before has been chosen, and at most one step that
/// has been chosen is not collected then; where overlaps() is false, none.
///
/// What spans and pointers refer to is needed until the call returns. Which token a choice comes to
/// is as Sampler says, whatever else is in the step. Used by one thread, the backend's; destroyed
/// before the backend, and waits for what is in flight.
///
/// Errors of each call: internal, unavailable (the device failed). Everything in flight is dropped
/// then, the cache's content is undefined, and the next call is begin(), as if it were the first;
/// but where Backend::is_lost(), there is no next call.
class StepRunner {
 public:
  virtual ~StepRunner() = default;

  /// Whether begin() may be called while the tokens of the step before have not been collected.
  [[nodiscard]] virtual bool overlaps() const noexcept = 0;

  /// Starts the model's pass over `parts`, of which there is one at least, as Backend::forward()
  /// has it; and each may follow a choice of the step before.
  [[nodiscard]] virtual Result<void> begin(std::span<const StepPart> parts) = 0;

  /// Starts choosing for the step that has begun: one choice for each part that wants logits, in
  /// their order, whether it is void or not.
  [[nodiscard]] virtual Result<void> choose(std::span<const TokenChoice> choices) = 0;

  /// Waits for the oldest step that was chosen and not collected. `tokens` becomes one entry for
  /// each of its choices, anything where the choice was void; an entry that is an error is that of
  /// Sampler::choose(), and concerns its generation alone.
  [[nodiscard]] virtual Result<void> collect(std::vector<Result<TokenLogprob>>& tokens) = 0;
};

}  // namespace sluice::inference
