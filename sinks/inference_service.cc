// InferenceService (serving.kserve.io/v1beta1): an event is a prompt, the completion is an event
// (interface.md, section 8).

#include "sinks/inference_service.h"

#include "event/media_type.h"
#include "sinks/inference_prompt_sink.h"
#include "sinks/inference_reply.h"
#include "sinks/openai_fields.h"
#include "sinks/openai_request.h"

#include <nlohmann/json.hpp>
#include <simdjson.h>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

inference::CompletionRequest user_says(std::string text) {
  inference::CompletionRequest request;
  request.messages.emplace_back();
  request.messages.back().content = std::move(text);
  return request;
}

bool is_json(const Event& event) {
  const auto type = event.attribute("datacontenttype");
  return event.data_kind() == DataKind::json || (type && is_json_media_type(*type));
}

/// {"prompt": "..."} as the chat request that it stands for.
Result<Json> chat_of_prompt(Json object) {
  const Json prompt = object["prompt"];
  if (!prompt.is_string()) return fail(Errc::invalid_argument, "prompt: want a text");
  object.erase("prompt");
  object["messages"] = Json::array({{{"role", "user"}, {"content", prompt}}});
  return object;
}

Result<inference::CompletionRequest> request_from_object(Json object, std::string_view model) {
  if (object.contains("prompt") && !object.contains("messages")) {
    SLUICE_TRY(object, chat_of_prompt(std::move(object)));
  }
  if (!object.contains("messages")) {
    return fail(Errc::invalid_argument,
                "data: want a chat-completions request with messages, an object with prompt, or a "
                "text");
  }
  SLUICE_TRY(OpenAiRequest request, chat_request_of(object));
  if (!request.model.empty() && request.model != model) {
    return fail(Errc::invalid_argument,
                "model: '" + std::string(model) + "' is served here, not '" + request.model + "'");
  }
  request.completion.top_logprobs = -1;  // Ids say nothing to who gets the reply.
  return std::move(request.completion);
}

class InferenceService final : public PromptSink {
 public:
  InferenceService(InferenceModelPtr model, std::string url)
      : PromptSink(std::move(model), std::move(url)),
        source_("/" + this->model().spec().ns + "/inferenceservices/" + this->model().spec().name) {
  }

 private:
  Result<inference::CompletionRequest> request_of(const Event& event) const override {
    return request_from_event(event, model().name());
  }

  Result<EventPtr> reply_of(const Event& cause, const inference::Completion& completion,
                            bool has_tools) const override {
    InferenceReply reply;
    reply.source = source_;
    reply.type = kCompletionType;
    reply.model = model().name();
    OpenAiAnswer answer = answer_to(cause, source_, reply.model);
    answer.has_tools = has_tools;
    reply.data = completion_object(answer, completion);
    return make_inference_reply(cause, std::move(reply), completion);
  }

  const std::string source_;
};

}  // namespace

Result<inference::CompletionRequest> request_from_event(const Event& event,
                                                        std::string_view model) {
  if (event.data().empty())
    return fail(Errc::invalid_argument, "the event has no data to ask with");
  if (!simdjson::validate_utf8(event.data())) {
    return fail(Errc::invalid_argument, "data: is no UTF-8");
  }
  if (!is_json(event)) return user_says(std::string(event.data()));
  auto parsed = parse_request_json(event.data());
  if (!parsed) return fail(Errc::invalid_argument, "data: is " + parsed.error().detail);
  Json value = std::move(parsed).value();
  if (value.is_string()) return user_says(value.get<std::string>());
  if (value.is_object()) return request_from_object(std::move(value), model);
  return fail(Errc::invalid_argument, "data: want an object or a text");
}

SinkPtr make_inference_service(InferenceModelPtr model, std::string url) {
  return std::make_shared<InferenceService>(std::move(model), std::move(url));
}

}  // namespace sluice
