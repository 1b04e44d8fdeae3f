#pragma once

#include "inference/completion_text.h"
#include "inference/generation.h"
#include "inference/sampler.h"
#include "inference/scheduler.h"
#include "inference/step_runner.h"
#include "inference/vocabulary.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::inference {

/// Called by the engine's thread: they return soon, throw nothing, and may call submit() and
/// cancel(), but not stop(). Either may be empty.
struct CompletionCallbacks {
  std::function<void(CompletionChunk)> on_chunk;  ///< With something new in it.
  std::function<void(Completion)> on_done;        ///< Exactly once, after the last chunk.
};

/// What certain tokens of a model mean.
struct TokenRules {
  std::optional<TokenId> think_open;  ///< <think>; neither mark is part of any text.
  std::optional<TokenId> think_close;
  /// What ends a think block that is too long, e.g. "\n</think>\n\n"; think_close is in it.
  std::vector<TokenId> forced_close;
  /// Control tokens whose names belong to the text, e.g. <tool_call>; those of others do not.
  std::vector<TokenId> visible_controls;
};

/// A request on its way to its completion: which token comes next, and what that means for the text
/// and the end. All but the constructor is for the engine's thread.
class LiveGeneration {
 public:
  using Clock = std::chrono::steady_clock;

  /// `rules` and `vocabulary` outlive it. `request` has been checked by check_request().
  LiveGeneration(GenerationRequest request, CompletionCallbacks callbacks, const TokenRules& rules,
                 const Vocabulary& vocabulary, Clock::time_point now);

  [[nodiscard]] Track& track() noexcept { return track_; }

  /// What the next token is chosen from; void once it has ended. Valid until accept().
  [[nodiscard]] TokenChoice choice() const noexcept;

  /// Takes the token that choice() came to, and those that must follow it, and makes ready what the
  /// next one is chosen from. An error ends the generation, as does the last token.
  void accept(Result<TokenLogprob> chosen, Clock::time_point now);

  /// Set once it has come to an end by itself.
  [[nodiscard]] std::optional<FinishReason> finished() const noexcept { return finished_; }

  [[nodiscard]] std::int64_t generated_tokens() const noexcept {
    return std::ssize(track_.tokens) - track_.prompt_tokens;
  }

  /// Hands the caller what is new.
  void give_chunk();

  /// Hands the caller the completion; nothing comes after it. `error` for that reason only; without
  /// a detail, it is the one that accept() met.
  void complete(FinishReason reason, Error error = {});

 private:
  [[nodiscard]] bool is_masked() const noexcept { return request_.mask && !thinks_; }
  [[nodiscard]] bool prepare_mask();
  void take(TokenLogprob token, bool is_forced);
  [[nodiscard]] FinishReason whole() const noexcept;
  [[nodiscard]] bool has_thought_enough() const;
  void force_what_must_follow();
  void force(std::span<const TokenId> tokens);
  void end(FinishReason reason, Error error = {});
  [[nodiscard]] std::string_view bytes_of(TokenId id) const;

  GenerationRequest request_;  ///< Its prompt has moved into the track.
  CompletionCallbacks callbacks_;
  const TokenRules& rules_;
  const Vocabulary& vocabulary_;
  Track track_;
  TokenCounts counts_;
  CompletionText text_;
  Completion completion_;
  std::optional<FinishReason> finished_;
  std::vector<std::uint64_t> allowed_;  ///< For the next token, while is_masked().
  bool is_hurried_ = false;             ///< There were no more tokens than the shortest text took.
  bool thinks_ = false;
  std::int64_t thinking_tokens_ = 0;
  Clock::time_point submitted_;
};

/// What a request must keep to.
struct RequestLimits {
  std::int64_t vocab_size = 0;
  std::int64_t max_context = 0;  ///< Of prompt and max_tokens together.
};

/// Whether prompt and max_tokens fit in the context. Errors: invalid_argument.
[[nodiscard]] Result<void> check_context(std::int64_t prompt_tokens, std::int64_t max_tokens,
                                         const RequestLimits& limits);

/// Errors: invalid_argument, naming what is wrong and its bound.
[[nodiscard]] Result<void> check_request(const GenerationRequest& request,
                                         const RequestLimits& limits, const TokenRules& rules);

}  // namespace sluice::inference
