#include "sinks/openai_request.h"

#include "sinks/openai_fields.h"

#include <algorithm>
#include <limits>

namespace sluice {
namespace {

using Json = RequestJson;

constexpr std::int64_t kMaxTopLogprobs = 20;

Result<void> read_stream(const Json& body, OpenAiRequest& into) {
  SLUICE_TRY(read_flag(body, "stream", into.stream));
  const Json* const options = given(body, "stream_options");
  if (options == nullptr) return boost::outcome_v2::success();
  if (!options->is_object()) return bad_field("stream_options", "an object", *options);
  if (!into.stream) return refusal("stream_options", "goes with \"stream\": true only");
  const Json* const usage = given(*options, "include_usage");
  if (usage == nullptr) return boost::outcome_v2::success();
  if (!usage->is_boolean()) {
    return bad_field("stream_options.include_usage", "true or false", *usage);
  }
  into.include_usage = usage->get<bool>();
  return boost::outcome_v2::success();
}

/// vLLM's: the lower, the sooner. The engine's is the other way round.
Result<void> read_priority(const Json& body, inference::CompletionRequest& into) {
  const Json* const value = given(body, "priority");
  if (value == nullptr) return boost::outcome_v2::success();
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const bool fits = value->is_number_integer() && value->get<double>() >= -double(kMost) &&
                    value->get<double>() <= double(kMost);
  if (!fits) return bad_field("priority", "a whole number of 32 bits", *value);
  into.priority = -value->get<int>();
  return boost::outcome_v2::success();
}

Result<int> top_logprobs_from(const Json& value, const std::string& field) {
  const bool fits = value.is_number_integer() && value.get<double>() >= 0 &&
                    value.get<double>() <= double(kMaxTopLogprobs);
  if (!fits) return bad_field(field, "a whole number from 0 to 20", value);
  return value.get<int>();
}

Result<void> read_chat_logprobs(const Json& body, OpenAiRequest& into) {
  SLUICE_TRY(read_flag(body, "logprobs", into.wants_logprobs));
  if (into.wants_logprobs) into.completion.top_logprobs = 0;
  const Json* const top = given(body, "top_logprobs");
  if (top == nullptr) return boost::outcome_v2::success();
  SLUICE_TRY(const int count, top_logprobs_from(*top, "top_logprobs"));
  if (into.wants_logprobs) {
    into.completion.top_logprobs = count;
  } else if (count > 0) {
    return refusal("top_logprobs", "goes with \"logprobs\": true only");
  }
  return boost::outcome_v2::success();
}

Result<void> read_thinking(const Json& body, inference::CompletionRequest& into) {
  const Json* const settings = given(body, "chat_template_kwargs");
  if (settings == nullptr) return boost::outcome_v2::success();
  if (!settings->is_object()) return bad_field("chat_template_kwargs", "an object", *settings);
  const Json* const thinking = given(*settings, "enable_thinking");
  if (thinking == nullptr) return boost::outcome_v2::success();
  if (!thinking->is_boolean()) {
    return bad_field("chat_template_kwargs.enable_thinking", "true or false", *thinking);
  }
  into.enable_thinking = thinking->get<bool>();
  return boost::outcome_v2::success();
}

/// What both kinds of request have.
Result<OpenAiRequest> common_from(const Json& body) {
  SLUICE_TRY(refuse_unsupported(body));
  OpenAiRequest request;
  SLUICE_TRY(read_text(body, "model", request.model));
  SLUICE_TRY(read_stream(body, request));
  SLUICE_TRY(read_sampling(body, request.completion));
  SLUICE_TRY(read_priority(body, request.completion));
  SLUICE_TRY(read_output_constraint(body, request.completion.output));
  return request;
}

Result<std::string> prompt_from(const Json& body) {
  const Json* prompt = given(body, "prompt");
  if (prompt == nullptr) return refusal("prompt", "is missing");
  if (prompt->is_array() && prompt->size() == 1 && prompt->front().is_string()) {
    prompt = &prompt->front();
  }
  if (!prompt->is_string()) return bad_field("prompt", "one text", *prompt);
  if (prompt->get_ref<const std::string&>().empty()) return refusal("prompt", "is empty");
  return prompt->get<std::string>();
}

}  // namespace

Result<OpenAiRequest> chat_request_from(std::string_view json) {
  SLUICE_TRY(const auto body, parse_request_object(json));
  return chat_request_of(body);
}

Result<OpenAiRequest> chat_request_of(const nlohmann::ordered_json& body) {
  SLUICE_TRY(auto request, common_from(body));
  SLUICE_TRY(read_chat_logprobs(body, request));
  SLUICE_TRY(read_thinking(body, request.completion));
  SLUICE_TRY(request.completion.messages, messages_from(body));
  SLUICE_TRY(request.completion.tools, tools_from(body));
  return request;
}

Result<OpenAiRequest> completion_request_from(std::string_view json) {
  SLUICE_TRY(const auto body, parse_request_object(json));
  SLUICE_TRY(auto request, common_from(body));
  if (const Json* const logprobs = given(body, "logprobs")) {
    SLUICE_TRY(request.completion.top_logprobs, top_logprobs_from(*logprobs, "logprobs"));
    request.wants_logprobs = true;
  }
  SLUICE_TRY(request.completion.prompt, prompt_from(body));
  return request;
}

Result<void> read_parameters(const nlohmann::json& parameters, inference::CompletionRequest& into) {
  static const std::vector<std::string> known = {"max_tokens",
                                                 "temperature",
                                                 "top_p",
                                                 "top_k",
                                                 "min_p",
                                                 "presence_penalty",
                                                 "frequency_penalty",
                                                 "repetition_penalty",
                                                 "seed",
                                                 "stop",
                                                 "enable_thinking",
                                                 "max_thinking_tokens"};
  if (parameters.is_null()) return boost::outcome_v2::success();
  const Json object = parameters;
  if (!object.is_object()) return bad_field("parameters", "an object", object);
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string names;
    for (const std::string& one : known) names += (names.empty() ? "" : ", ") + one;
    return refusal(name, "is no parameter here; there are " + names);
  }
  SLUICE_TRY(read_sampling(object, into));
  return read_flag(object, "enable_thinking", into.enable_thinking);
}

}  // namespace sluice
