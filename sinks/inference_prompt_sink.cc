#include "sinks/inference_prompt_sink.h"

namespace sluice {

Awaitable<Attempt> PromptSink::send(EventPtr event, Deadline deadline) {
  auto request = request_of(*event);
  if (!request) co_return model_->refuse(request.error());
  const bool has_tools = !request.value().tools.empty();
  auto completion =
      co_await model_->complete(*Core::current(), std::move(request).value(), deadline);
  if (!completion) co_return failed_attempt(completion.error());
  auto reply = reply_of(*event, completion.value(), has_tools);
  if (!reply) co_return failed_attempt(reply.error());
  Attempt attempt;
  attempt.status = 200;
  attempt.reply = std::move(reply).value();
  co_return attempt;
}

}  // namespace sluice
