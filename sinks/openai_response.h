#pragma once

#include "inference/generation.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// What all answers to one request of OpenAI's API share.
struct OpenAiAnswer {
  std::string id;     ///< "chatcmpl-..." or "cmpl-..."
  std::string model;  ///< As served.
  std::int64_t created = 0;  ///< Seconds since 1970.
  bool is_chat = true;
};

/// The chat.completion (or text_completion) object of a whole completion. Tool calls that the text
/// holds become message.tool_calls; reasoning becomes message.reasoning_content, as vLLM has it.
[[nodiscard]] std::string completion_object(const OpenAiAnswer& answer,
                                            const inference::Completion& completion);

}  // namespace sluice
