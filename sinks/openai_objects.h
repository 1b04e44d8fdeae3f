#pragma once

#include "sinks/openai_response.h"
#include "sinks/tool_calls.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace sluice {

/// The parts that whole answers and streams of OpenAI's API are put together from.
using AnswerJson = nlohmann::ordered_json;

/// As text; what is not UTF-8 (a token's half character) becomes U+FFFD.
[[nodiscard]] std::string dumped(const AnswerJson& json);

/// id, object, created and model: what every object begins with.
[[nodiscard]] AnswerJson envelope(const OpenAiAnswer& answer, std::string_view object);

/// message.tool_calls; with `with_index` as the delta of a stream has them. `answer.id` makes their
/// ids differ from those of other answers.
[[nodiscard]] AnswerJson tool_calls_json(const OpenAiAnswer& answer, const TextWithCalls& split,
                                         bool with_index);

/// choices[].logprobs, or null where there are none.
[[nodiscard]] AnswerJson logprobs_json(const OpenAiAnswer& answer,
                                       const inference::Completion& completion);

/// "stop", "length", "tool_calls".
[[nodiscard]] std::string_view finish_reason(const inference::Completion& completion,
                                             bool has_calls) noexcept;

[[nodiscard]] AnswerJson usage_json(const inference::Completion& completion);

}  // namespace sluice
