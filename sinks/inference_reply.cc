#include "sinks/inference_reply.h"

#include "base/rfc3339.h"
#include "event/event_builder.h"
#include "event/validation.h"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <chrono>

namespace sluice {
namespace {

Result<void> check(std::string_view name, std::string_view value) {
  if (name == "type" && value.empty()) {
    return fail(Errc::invalid_argument, "the reply's type is empty");
  }
  const auto valid = validate_attribute(name, value);
  if (valid) return boost::outcome_v2::success();
  return fail(Errc::invalid_argument, "the reply is no event: " + valid.error().detail);
}

}  // namespace

std::string reply_id(std::string_view source, const Event& cause) {
  boost::uuids::name_generator_sha1 generator(boost::uuids::ns::url());
  std::string name(source);
  for (const std::string_view part : {cause.source(), cause.id()}) {
    name += '\n';  // In none of them.
    name += part;
  }
  return boost::uuids::to_string(generator(name));
}

Result<EventPtr> make_inference_reply(const Event& cause, InferenceReply reply,
                                      const inference::Completion& completion) {
  const std::string id = reply_id(reply.source, cause);
  const std::string tokens_in = std::to_string(completion.prompt_tokens);
  const std::string tokens_out = std::to_string(completion.tokens.size());
  if (reply.subject.empty()) reply.subject = cause.id();
  SLUICE_TRY(check("type", reply.type));
  SLUICE_TRY(check("source", reply.source));
  SLUICE_TRY(check("subject", reply.subject));

  EventBuilder builder;
  builder.set("id", id)
      .set("source", reply.source)
      .set("type", reply.type)
      .set("subject", reply.subject)
      .set("time", now_rfc3339())
      .set("datacontenttype",
           reply.data_kind == DataKind::json ? "application/json" : "text/plain; charset=utf-8")
      .set("causeid", cause.id())
      .set("causesource", cause.source())
      .set("inferencemodel", reply.model)
      .set("finishreason", inference::to_string(completion.reason))
      .set("tokensin", tokens_in, AttributeType::integer)
      .set("tokensout", tokens_out, AttributeType::integer);
  for (const std::string_view name : {"partitionkey", "traceparent", "tracestate"}) {
    if (const auto value = cause.attribute(name)) builder.set(name, *value);
  }
  for (const auto& [name, value] : reply.extensions) {
    if (value.empty()) continue;
    SLUICE_TRY(check(name, value));
    builder.set(name, value);
  }
  builder.data(reply.data, reply.data_kind);
  return builder.build();
}

OpenAiAnswer answer_to(const Event& cause, std::string_view source, const std::string& model) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  OpenAiAnswer answer;
  answer.id = "chatcmpl-" + reply_id(source, cause);
  answer.model = model;
  answer.created = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return answer;
}

}  // namespace sluice
