#pragma once

#include "inference/chat_template.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::inference {

/// What decoding is held to. At most one of the two.
struct OutputConstraint {
  std::string schema;                ///< A JSON Schema, as JSON; empty: none. See json_schema.h.
  std::vector<std::string> choices;  ///< The text is one of these; empty: any.

  [[nodiscard]] bool is_set() const noexcept { return !schema.empty() || !choices.empty(); }
};

/// A prompt and how to go on with it, in the words of OpenAI's and vLLM's APIs, before there are
/// tokens. What is absent, the model's own settings decide.
struct CompletionRequest {
  std::vector<ChatMessage> messages;  ///< A chat; empty: `prompt`, as it is, is gone on with.
  std::string prompt;                 ///< Untrusted, like all texts here: never a control token.
  std::vector<std::string> tools;     ///< JSON of each. Of a chat.
  std::optional<bool> enable_thinking;
  std::optional<std::int64_t> max_thinking_tokens;

  std::optional<std::int64_t> max_tokens;  ///< Absent: as many as the context has room for.
  std::optional<double> temperature;
  std::optional<std::int64_t> top_k;  ///< 0 or -1: all.
  std::optional<double> top_p;
  std::optional<double> min_p;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<double> repetition_penalty;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> stop;
  int top_logprobs = -1;  ///< As SamplingParams has it.
  OutputConstraint output;
  int priority = 0;
};

}  // namespace sluice::inference
