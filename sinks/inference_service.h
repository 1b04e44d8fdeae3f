#pragma once

#include "sinks/inference_model.h"
#include "sinks/sink.h"

#include <string>

namespace sluice {

/// What an event asks of a model: its data is an OpenAI chat-completions request, an object with
/// `prompt` (and the same parameters beside it), or a text; the latter two are what a user says.
/// `model` is the name that is served: a request for another one is refused.
/// Errors: invalid_argument, naming the field.
[[nodiscard]] Result<inference::CompletionRequest> request_from_event(const Event& event,
                                                                      std::string_view model);

/// The sink of an InferenceService: an event is a prompt, the completion is the reply, with the
/// OpenAI chat-completion object as data. `url` is its ingress URL.
[[nodiscard]] SinkPtr make_inference_service(InferenceModelPtr model, std::string url);

}  // namespace sluice
