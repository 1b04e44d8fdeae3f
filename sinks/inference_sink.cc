// InferenceSink (sluice.dev/v1alpha1): a prompt and a reply shape around a model (interface.md,
// section 8).
//
//   prompt.system, prompt.user  texts with places for parts of the event; without `user`, the event
//                               asks as it would ask the InferenceService, `system` goes before it
//   parameters                  as in an OpenAI request; they win over the event's own
//   output                      a JSON Schema or a list of choices that decoding is held to
//   reply                       what the event becomes; its texts may have places for the output

#include "sinks/inference_sink.h"

#include "sinks/event_template.h"
#include "sinks/inference_prompt_sink.h"
#include "sinks/inference_reply.h"
#include "sinks/inference_service.h"
#include "sinks/openai_request.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

/// The templates of a spec, read.
struct Templates {
  std::optional<EventTemplate> system;
  std::optional<EventTemplate> user;
  EventTemplate type;
  std::optional<EventTemplate> source;
  std::optional<EventTemplate> subject;
  std::map<std::string, EventTemplate> extensions;
};

Result<EventTemplate> parse(const char* field, const std::string& text,
                            EventTemplate::Places places) {
  auto parsed = EventTemplate::parse(text, places);
  if (!parsed) return fail(Errc::invalid_argument, field + (": " + parsed.error().detail));
  return parsed;
}

Result<std::optional<EventTemplate>> parse_if_set(const char* field, const std::string& text,
                                                  EventTemplate::Places places) {
  if (text.empty()) return std::optional<EventTemplate>();
  SLUICE_TRY(EventTemplate parsed, parse(field, text, places));
  return std::optional<EventTemplate>(std::move(parsed));
}

Result<Templates> read_templates(const InferenceSinkSpec& spec) {
  constexpr auto kEvent = EventTemplate::Places::event;
  constexpr auto kOutput = EventTemplate::Places::with_output;
  Templates templates;
  SLUICE_TRY(templates.system, parse_if_set("prompt.system", spec.system_prompt, kEvent));
  SLUICE_TRY(templates.user, parse_if_set("prompt.user", spec.user_prompt, kEvent));
  SLUICE_TRY(templates.type, parse("reply.type", spec.reply_type, kOutput));
  SLUICE_TRY(templates.source, parse_if_set("reply.source", spec.reply_source, kOutput));
  SLUICE_TRY(templates.subject, parse_if_set("reply.subject", spec.reply_subject, kOutput));
  for (const auto& [name, text] : spec.reply_extensions) {
    SLUICE_TRY(EventTemplate parsed, parse("reply.extensions", text, kOutput));
    templates.extensions.emplace(name, std::move(parsed));
  }
  return templates;
}

inference::ChatMessage turn(inference::ChatRole role, std::string text) {
  inference::ChatMessage turn;
  turn.role = role;
  turn.content = std::move(text);
  return turn;
}

inference::OutputConstraint output_of(const InferenceSinkSpec& spec) {
  return {spec.schema, spec.choices};
}

class InferenceSink final : public PromptSink {
 public:
  InferenceSink(const InferenceSinkSpec& spec, Templates templates, InferenceModelPtr model,
                std::string url)
      : PromptSink(std::move(model), std::move(url)),
        templates_(std::move(templates)),
        parameters_(spec.parameters),
        output_(output_of(spec)),
        data_(spec.reply_data),
        source_("/" + spec.ns + "/inferencesinks/" + spec.name) {}

 private:
  Result<inference::CompletionRequest> request_of(const Event& event) const override {
    inference::CompletionRequest request;
    if (templates_.user) {
      request.messages.push_back(turn(inference::ChatRole::user, templates_.user->render(event)));
    } else {
      SLUICE_TRY(request, request_from_event(event, model().name()));
    }
    if (templates_.system) {
      request.messages.insert(request.messages.begin(),
                              turn(inference::ChatRole::system, templates_.system->render(event)));
    }
    SLUICE_TRY(read_parameters(parameters_, request));
    if (output_.is_set()) request.output = output_;
    return request;
  }

  /// A stop text of the event's own can cut what decoding was held to.
  bool is_whole(const std::string& output) const {
    if (!output_.schema.empty()) return nlohmann::json::accept(output);
    return output_.choices.empty() ||
           std::ranges::find(output_.choices, output) != output_.choices.end();
  }

  Result<EventPtr> reply_of(const Event& cause, const inference::Completion& completion,
                            bool has_tools) const override {
    const std::string& output = completion.text;
    if (!is_whole(output)) {
      return fail(Errc::invalid_argument, "the output was cut short: max_tokens or stop ended it");
    }
    InferenceReply reply;
    reply.source = templates_.source ? templates_.source->render(cause, output) : source_;
    reply.type = templates_.type.render(cause, output);
    if (templates_.subject) reply.subject = templates_.subject->render(cause, output);
    reply.model = model().name();
    for (const auto& [name, value] : templates_.extensions) {
      reply.extensions.emplace(name, value.render(cause, output));
    }
    if (data_ == ReplyData::completion) {
      OpenAiAnswer answer = answer_to(cause, reply.source, reply.model);
      answer.has_tools = has_tools;
      reply.data = completion_object(answer, completion);
    } else {
      reply.data = output;
      reply.data_kind = output_.schema.empty() ? DataKind::text : DataKind::json;
    }
    return make_inference_reply(cause, std::move(reply), completion);
  }

  const Templates templates_;
  const nlohmann::json parameters_;
  const inference::OutputConstraint output_;
  const ReplyData data_;
  const std::string source_;
};

}  // namespace

Result<SinkPtr> make_inference_sink(const InferenceSinkSpec& spec, InferenceModelPtr model,
                                    std::string url) {
  SLUICE_TRY(Templates templates, read_templates(spec));
  inference::CompletionRequest unused;
  SLUICE_TRY(read_parameters(spec.parameters, unused));
  const inference::OutputConstraint output = output_of(spec);
  if (output.is_set()) model->warm(output);
  return std::make_shared<InferenceSink>(spec, std::move(templates), std::move(model),
                                         std::move(url));
}

}  // namespace sluice
