#include "broker/api_exchange.h"

#include "sinks/openai_response.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using std::chrono::steady_clock;

// How often a client that waits is looked at. One that has left costs a model that long.
constexpr std::chrono::milliseconds kLook{100};
// A bound, so that a wait ends at shutdown, where deadlines are in a hurry.
constexpr std::chrono::hours kLongest{24};

/// Whether a body of this content type is JSON; without one it is taken to be.
bool is_json(std::optional<std::string_view> content_type) noexcept {
  if (!content_type) return true;
  std::string_view type = content_type->substr(0, content_type->find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (iequals(type, "application/json") || iequals(type, "text/json")) return true;
  return type.size() > 5 && iequals(type.substr(type.size() - 5), "+json");
}

}  // namespace

ApiExchange::ApiExchange(ApiCall call, const ApiRoute& route)
    : call_(call), is_openai_(route.is_openai), deadline_(steady_clock::now() + kLongest) {}

Awaitable<ApiExchange::Body> ApiExchange::read_body() {
  const auto state = co_await call_.reader.read_body();
  if (state == RequestReader::State::ended) co_return Body::ended;
  if (state == RequestReader::State::refused) {
    fault_ = call_.reader.fault();
    if (fault_.status == 408 && call_.draining.load(std::memory_order_relaxed)) {
      fault_ = {503, "the broker is shutting down"};  // Not late, but cut short by us.
    }
    co_return Body::refused;
  }
  const auto type = call_.reader.head().fields.find("content-type");
  if (is_json(type)) co_return Body::ready;
  fault_ = {415, "the content type " + std::string(type->substr(0, 100)) +
                     " is not JSON: send application/json"};
  co_return Body::refused;
}

void ApiExchange::release() {
  if (released_) return;
  released_ = true;
  after_ = call_.reader.after_reply();
}

Task<CompletionStream::Item> ApiExchange::next(CompletionStream& stream) {
  for (;;) {
    const Deadline now = steady_clock::now();
    if (now - kLook >= looked_) {
      looked_ = now;
      client_left_ = call_.reader.peer_has_left();
      if (client_left_) co_return fail(Errc::cancelled, "the client has left");
    }
    auto item = co_await stream.next(call_.core, now + kLook);
    if (item || item.error().code != Errc::deadline_exceeded) co_return std::move(item);
    if (now >= deadline_) co_return std::move(item);
    if (call_.stopping.load(std::memory_order_relaxed)) {
      co_return fail(Errc::cancelled, "the broker is shutting down");
    }
  }
}

Task<inference::Completion> ApiExchange::whole(CompletionStream& stream) {
  for (;;) {
    auto item = co_await next(stream);
    if (!item) co_return std::move(item).error();
    auto* const completion = std::get_if<inference::Completion>(&item.value());
    if (completion != nullptr) co_return std::move(*completion);
  }
}

Task<std::vector<inference::Completion>> ApiExchange::all(
    const std::vector<std::unique_ptr<CompletionStream>>& streams) {
  std::vector<std::optional<inference::Completion>> ended(streams.size());
  for (std::size_t i = 0; i < streams.size(); ++i) {  // Each begins when it is first asked.
    auto item = co_await streams[i]->next(call_.core, steady_clock::now());
    if (!item && item.error().code != Errc::deadline_exceeded) co_return std::move(item).error();
    auto* const whole = item ? std::get_if<inference::Completion>(&item.value()) : nullptr;
    if (whole != nullptr) ended[i] = std::move(*whole);
  }
  std::vector<inference::Completion> completions;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (!ended[i]) {
      auto rest = co_await whole(*streams[i]);
      if (!rest) co_return std::move(rest).error();
      ended[i] = std::move(rest).value();
    }
    completions.push_back(std::move(*ended[i]));
  }
  co_return completions;
}

Awaitable<bool> ApiExchange::write(std::string text) {
  release();
  const bool taken = co_await call_.reader.reply(text, after_);
  co_return taken&& after_ != AfterReply::close;
}

Awaitable<bool> ApiExchange::answer(int status, std::string body) {
  release();
  JsonAnswer answer;
  answer.status = status;
  answer.body = body;
  answer.has_body = !call_.reader.is_head_method();
  co_return co_await write(json_reply(answer, after_));
}

Awaitable<bool> ApiExchange::answer_options(std::string_view allow) {
  release();
  co_return co_await write(options_reply(allow, after_));
}

std::string ApiExchange::error_body(int status, std::string_view detail,
                                    std::string_view code) const {
  if (is_openai_) return openai_error(status, detail, code);
  const nlohmann::json error = {{"error", detail}};
  return error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Awaitable<bool> ApiExchange::refuse(int status, std::string detail, std::string_view code) {
  co_return co_await answer(status, error_body(status, detail, code));
}

Awaitable<bool> ApiExchange::refuse_method(std::string_view allow) {
  const std::string body = error_body(405, "the methods here are " + std::string(allow), {});
  release();
  JsonAnswer answer;
  answer.status = 405;
  answer.body = body;
  answer.allow = allow;
  answer.has_body = !call_.reader.is_head_method();
  co_return co_await write(json_reply(answer, after_));
}

Awaitable<bool> ApiExchange::refuse(Error error) {
  if (client_left_) co_return false;
  co_return co_await refuse(http_status(error.code), std::move(error.detail));
}

Awaitable<bool> ApiExchange::begin_events() {
  release();
  is_chunked_ = !call_.reader.is_http_1_0();
  if (!is_chunked_) after_ = call_.reader.close_after_reply();
  const std::string head = event_stream_head(after_, is_chunked_);
  co_return co_await call_.reader.write(head);
}

Awaitable<bool> ApiExchange::send(std::string events) {
  if (is_chunked_) events = fmt::format("{:x}\r\n{}\r\n", events.size(), events);
  co_return co_await call_.reader.write(events);
}

Awaitable<bool> ApiExchange::end_events() {
  co_return co_await write(is_chunked_ ? "0\r\n\r\n" : "");
}

}  // namespace sluice
