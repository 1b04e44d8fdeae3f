// InferenceSink (sluice.dev/v1alpha1): a prompt and a reply shape around a model (interface.md,
// section 8).
//
//   prompt.system, prompt.user  texts with places for parts of the event
//   parameters                  as in an OpenAI request
//   output                      a JSON Schema or a list of choices that decoding is held to
//   reply                       what the event becomes; its texts may have places for the output

#include "sinks/inference_sink.h"

#include "sinks/event_template.h"
#include "sinks/inference_reply.h"
#include "sinks/openai_request.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace sluice {
namespace {

/// The templates of a spec, read.
struct Templates {
  std::optional<EventTemplate> system;
  EventTemplate user;
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
  SLUICE_TRY(templates.user, parse("prompt.user", spec.user_prompt, kEvent));
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

class InferenceSink final : public Sink {
 public:
  InferenceSink(const InferenceSinkSpec& spec, Templates templates, InferenceModelPtr model,
                std::string url)
      : templates_(std::move(templates)),
        has_schema_(!spec.schema.empty()),
        data_(spec.reply_data),
        source_("/" + spec.ns + "/inferencesinks/" + spec.name),
        model_(std::move(model)),
        url_(std::move(url)) {}

  /// What every prompt has in common.
  inference::CompletionRequest& common() noexcept { return common_; }

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override {
    auto completion = co_await model_->complete(*Core::current(), request_for(*event), deadline);
    if (!completion) co_return failed_attempt(completion.error());
    auto reply = reply_of(*event, completion.value());
    if (!reply) co_return failed_attempt(reply.error());
    Attempt attempt;
    attempt.status = 200;
    attempt.reply = std::move(reply).value();
    co_return attempt;
  }

  const std::string& url() const noexcept override { return url_; }

 private:
  inference::CompletionRequest request_for(const Event& event) const {
    inference::CompletionRequest request = common_;
    if (templates_.system) {
      request.messages.push_back(
          turn(inference::ChatRole::system, templates_.system->render(event)));
    }
    request.messages.push_back(turn(inference::ChatRole::user, templates_.user.render(event)));
    return request;
  }

  Result<EventPtr> reply_of(const Event& cause, const inference::Completion& completion) const {
    const std::string& output = completion.text;
    if (has_schema_ && !nlohmann::json::accept(output)) {
      return fail(Errc::invalid_argument, "the output was cut short: max_tokens or stop ended it");
    }
    InferenceReply reply;
    reply.source = templates_.source ? templates_.source->render(cause, output) : source_;
    reply.type = templates_.type.render(cause, output);
    if (templates_.subject) reply.subject = templates_.subject->render(cause, output);
    reply.model = model_->name();
    for (const auto& [name, value] : templates_.extensions) {
      reply.extensions.emplace(name, value.render(cause, output));
    }
    if (data_ == ReplyData::completion) {
      reply.data = completion_data(reply.source, cause, reply.model, completion);
    } else {
      reply.data = output;
      reply.data_kind = has_schema_ ? DataKind::json : DataKind::text;
    }
    return make_inference_reply(cause, std::move(reply), completion);
  }

  const Templates templates_;
  const bool has_schema_;
  const ReplyData data_;
  const std::string source_;
  const InferenceModelPtr model_;
  const std::string url_;
  inference::CompletionRequest common_;
};

}  // namespace

Result<SinkPtr> make_inference_sink(const InferenceSinkSpec& spec, InferenceModelPtr model,
                                    std::string url) {
  SLUICE_TRY(Templates templates, read_templates(spec));
  inference::CompletionRequest common;
  SLUICE_TRY(read_parameters(spec.parameters, common));
  common.output.schema = spec.schema;
  common.output.choices = spec.choices;
  if (common.output.is_set()) model->warm(common.output);
  auto sink =
      std::make_shared<InferenceSink>(spec, std::move(templates), std::move(model), std::move(url));
  sink->common() = std::move(common);
  return sink;
}

}  // namespace sluice
