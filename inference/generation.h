#pragma once

#include "inference/result.h"
#include "inference/token.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {

class TokenMask;  // inference/token_mask.h

/// How the next token is chosen. temperature 0 is greedy: the largest logit, the lowest id of equal
/// ones.
struct SamplingParams {
  double temperature = 0;
  std::int64_t top_k = 0;  ///< 0: all.
  double top_p = 1;
  double min_p = 0;
  double presence_penalty = 0;
  double frequency_penalty = 0;
  double repetition_penalty = 1;
  std::uint64_t seed = 0;  ///< With the position it is the whole state: same seed, same tokens.
  int top_logprobs = -1;   ///< -1: none; N: the chosen token's and those of the N likeliest.
};

/// One prompt and how far to go with it.
struct GenerationRequest {
  std::vector<TokenId> prompt;  ///< At least one.
  SamplingParams sampling;
  std::int64_t max_tokens = 16;
  std::vector<TokenId> stop_token_ids;  ///< The model's eos ids among them.
  std::vector<std::string> stop;        ///< Texts; none of one is ever given out.
  /// Thinking tokens, counted up to the end mark, after which it is forced; absent: no bound.
  std::optional<std::int64_t> max_thinking_tokens;
  bool starts_thinking = false;     ///< The prompt's end opened a think block.
  bool may_think = false;           ///< The first token may open one, whatever the mask says.
  std::shared_ptr<TokenMask> mask;  ///< Null: unconstrained. Of this generation alone.
  int priority = 0;                 ///< Higher runs first.
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

enum class FinishReason { stop, length, cancelled, expired, error };

/// "stop", "length", "cancelled", "expired", "error".
[[nodiscard]] std::string_view to_string(FinishReason reason) noexcept;

struct TokenLogprob {
  TokenId id = 0;
  float logprob = 0;
  std::vector<std::pair<TokenId, float>> top;  ///< The likeliest first.
};

/// What came of a request. Exactly one for each.
struct Completion {
  /// Those that were made, forced ones and that in which a stop text was found among them; without
  /// the eos token.
  std::vector<TokenId> tokens;
  std::string text;       ///< Valid UTF-8; without stop texts.
  std::string reasoning;  ///< What stood in the think block, without newlines around it.
  FinishReason reason = FinishReason::error;
  std::string error;                   ///< Where the reason is error: one line.
  Errc error_code = Errc::internal;    ///< The same for programs: unavailable is worth a retry.
  std::vector<TokenLogprob> logprobs;  ///< One for each token, if asked for; forced ones have 0.
  std::int64_t prompt_tokens = 0;
  std::int64_t cached_tokens = 0;  ///< Of the prompt, found in the prefix cache.
  std::chrono::steady_clock::duration time_to_first_token{};
};

/// A piece of a completion on its way. Put together they are its text and its reasoning.
struct CompletionChunk {
  std::string text;
  std::string reasoning;
};

}  // namespace sluice::inference
