#pragma once

#include "base/result.h"
#include "inference/completion_request.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace sluice {

/// A request of OpenAI's API as Sluice answers it.
struct OpenAiRequest {
  std::string model;  ///< Empty where it is not named.
  inference::CompletionRequest completion;
  bool stream = false;
  bool include_usage = false;  ///< stream_options.include_usage
  bool wants_logprobs = false;
};

/// From the body of POST /v1/chat/completions: OpenAI's fields, and of vLLM's top_k, min_p,
/// repetition_penalty, chat_template_kwargs.enable_thinking, structured_outputs (json, choice; also
/// as guided_json, guided_choice), priority; ours: max_thinking_tokens. Fields that change nothing
/// here (user, metadata, store, ...) are ignored; what would change the answer and cannot be done
/// is refused.
/// Errors: invalid_argument; the detail starts with the field, e.g. "messages[0].role: ...".
[[nodiscard]] Result<OpenAiRequest> chat_request_from(std::string_view json);

/// The same of a body that has been read: an object.
[[nodiscard]] Result<OpenAiRequest> chat_request_of(const nlohmann::ordered_json& body);

/// The same for POST /v1/completions: `prompt` is one text.
[[nodiscard]] Result<OpenAiRequest> completion_request_from(std::string_view json);

/// The sampling parameters alone, as an InferenceSink's spec.parameters has them; `into` keeps what
/// is not named. Unknown names are refused.
/// Errors: invalid_argument; the detail starts with the field.
[[nodiscard]] Result<void> read_parameters(const nlohmann::json& parameters,
                                           inference::CompletionRequest& into);

}  // namespace sluice
