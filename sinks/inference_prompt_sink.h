#pragma once

#include "sinks/inference_model.h"
#include "sinks/sink.h"

#include <string>

namespace sluice {

/// A sink that asks a model: an event is a prompt, the completion becomes the reply. What is asked,
/// and what the reply is, the derived classes say.
class PromptSink : public Sink {
 public:
  Awaitable<Attempt> send(EventPtr event, Deadline deadline) final;

  const std::string& url() const noexcept final { return url_; }

 protected:
  PromptSink(InferenceModelPtr model, std::string url)
      : model_(std::move(model)), url_(std::move(url)) {}

  [[nodiscard]] const InferenceModel& model() const noexcept { return *model_; }

 private:
  /// Errors: invalid_argument, where the event asks nothing that can be asked.
  [[nodiscard]] virtual Result<inference::CompletionRequest> request_of(
      const Event& event) const = 0;

  /// `has_tools`: the request had some. Errors: invalid_argument, where it is no event.
  [[nodiscard]] virtual Result<EventPtr> reply_of(const Event& cause,
                                                  const inference::Completion& completion,
                                                  bool has_tools) const = 0;

  const InferenceModelPtr model_;
  const std::string url_;
};

}  // namespace sluice
