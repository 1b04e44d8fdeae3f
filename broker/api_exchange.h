#pragma once

#include "base/core_pool.h"
#include "base/result.h"
#include "broker/api_route.h"
#include "broker/request_reader.h"
#include "broker/text_model.h"

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a session lends to the model APIs for one request, whose head has been read.
struct ApiCall {
  RequestReader& reader;
  Core& core;
  const std::atomic<bool>& draining;
  const std::atomic<bool>& stopping;
};

/// One request of a model API and its answer, as HTTP: reads the body, waits for the model while it
/// watches the client, writes JSON or a stream of events. What answers returns, as all that write
/// do, whether the connection goes on.
class ApiExchange {
 public:
  ApiExchange(ApiCall call, const ApiRoute& route);

  enum class Body { ready, refused, ended };

  /// Reads the body and checks that it is said to be JSON. Where it is `refused`, fault() is the
  /// answer.
  Awaitable<Body> read_body();
  [[nodiscard]] std::string_view body() noexcept { return call_.reader.body().bytes; }
  [[nodiscard]] const HttpFault& fault() const noexcept { return fault_; }

  /// Ends the views into the request. To be called before the coroutine waits for the model.
  void release();

  /// What the model gives next.
  /// Errors: the stream's; cancelled, where client_left() or the process stops.
  Task<CompletionStream::Item> next(CompletionStream& stream);
  /// As next() until the completion has come.
  Task<inference::Completion> whole(CompletionStream& stream);
  /// The completions of streams that run side by side. Errors: the first one's.
  Task<std::vector<inference::Completion>> all(
      const std::vector<std::unique_ptr<CompletionStream>>& streams);
  [[nodiscard]] bool client_left() const noexcept { return client_left_; }

  Awaitable<bool> answer(int status, std::string body);
  /// To OPTIONS: `allow`, and no body.
  Awaitable<bool> answer_options(std::string_view allow);
  /// An error object of the API. `code` is OpenAI's.
  Awaitable<bool> refuse(int status, std::string detail,
                         std::string_view code = std::string_view());
  Awaitable<bool> refuse_method(std::string_view allow);
  /// The status that says the error; no answer where the client has left.
  Awaitable<bool> refuse(Error error);

  /// A stream of server-sent events: begin, send()..., end.
  Awaitable<bool> begin_events();
  Awaitable<bool> send(std::string events);
  Awaitable<bool> end_events();

  /// When nobody can want the answer any more: a day from now.
  [[nodiscard]] Deadline deadline() const noexcept { return deadline_; }

 private:
  Awaitable<bool> write(std::string text);
  [[nodiscard]] std::string error_body(int status, std::string_view detail,
                                       std::string_view code) const;

  ApiCall call_;
  bool is_openai_;
  Deadline deadline_;
  HttpFault fault_;
  bool released_ = false;
  AfterReply after_ = AfterReply::close;
  bool is_chunked_ = true;  // Of the events.
  bool client_left_ = false;
  Deadline looked_ = Deadline::min();  // At the client.
};

}  // namespace sluice
