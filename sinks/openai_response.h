#pragma once

#include "inference/generation.h"
#include "inference/vocabulary.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// What all answers to one request of OpenAI's API share.
struct OpenAiAnswer {
  std::string id;            ///< "chatcmpl-..." or "cmpl-..."
  std::string model;         ///< As served.
  std::int64_t created = 0;  ///< Seconds since 1970.
  bool is_chat = true;
  /// Whether tool calls are looked for in the text of a chat.
  bool has_tools = true;
  /// The tokens' texts, for logprobs; null: none are given. Outlives the answer.
  const inference::Vocabulary* vocabulary = nullptr;
};

/// The chat.completion (or text_completion) object of a whole completion. Tool calls that the text
/// holds become message.tool_calls; reasoning becomes message.reasoning_content, as vLLM has it.
[[nodiscard]] std::string completion_object(const OpenAiAnswer& answer,
                                            const inference::Completion& completion);

/// {"error": {"message", "type", "param", "code"}}. `param` is the field that `detail` begins with,
/// where it does.
[[nodiscard]] std::string openai_error(int status, std::string_view detail,
                                       std::string_view code = {});

/// The answer in pieces, as server-sent events: each a line `data: {...}` and an empty one.
///
/// put()... -> finish(), or error(). Of one request, used by one coroutine.
class OpenAiStream {
 public:
  OpenAiStream(OpenAiAnswer answer, bool include_usage)
      : answer_(std::move(answer)), include_usage_(include_usage) {}

  /// The events of one piece; may be empty: what may become a tool call waits for its end.
  [[nodiscard]] std::string put(const inference::CompletionChunk& chunk);

  /// What is left, tool calls, logprobs, the finish reason, usage if it is wanted, and [DONE].
  [[nodiscard]] std::string finish(const inference::Completion& completion);

  /// In place of finish().
  [[nodiscard]] static std::string error(int status, std::string_view detail);

 private:
  std::string begin();

  OpenAiAnswer answer_;
  bool include_usage_;
  bool has_begun_ = false;
  std::string text_;            ///< All that has come.
  std::size_t text_given_ = 0;  ///< Bytes of it.
  std::size_t reasoning_given_ = 0;
};

}  // namespace sluice
