#pragma once

#include "event/event.h"
#include "inference/generation.h"
#include "sinks/openai_response.h"
#include "sinks/sink.h"

#include <map>
#include <string>
#include <string_view>

namespace sluice {

/// What an inference sink makes of a completion; the rest follows from the cause and the
/// completion.
struct InferenceReply {
  std::string source;  ///< E.g. "/default/inferenceservices/qwen".
  std::string type;
  std::string subject;                            ///< Empty: the cause's id.
  std::string model;                              ///< As served.
  std::map<std::string, std::string> extensions;  ///< Empty ones are left out.
  std::string data;
  DataKind data_kind = DataKind::json;
};

/// The id of the reply that `source` gives to `cause`: a UUID of version 5 (RFC 9562) over both, so
/// that the same event always gets the same one.
[[nodiscard]] std::string reply_id(std::string_view source, const Event& cause);

/// The reply event: `causeid`, `causesource`, `inferencemodel`, `finishreason`, `tokensin` and
/// `tokensout` are set; partitionkey, traceparent and tracestate are the cause's.
/// Errors: invalid_argument, where what a template made is no attribute of an event.
[[nodiscard]] Result<EventPtr> make_inference_reply(const Event& cause, InferenceReply reply,
                                                    const inference::Completion& completion);

/// What the OpenAI chat-completion object in a reply begins with; its id is made of reply_id().
[[nodiscard]] OpenAiAnswer answer_to(const Event& cause, std::string_view source,
                                     const std::string& model);

}  // namespace sluice
