// OpenAI's part of the model APIs: the list of models, completions whole and in pieces.

#include "broker/model_api.h"

#include "sinks/openai_objects.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>

namespace sluice {
namespace {

using nlohmann::ordered_json;

OpenAiAnswer answer_for(const OpenAiRequest& request, const TextModel& model, bool is_chat) {
  Core& core = *Core::current();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  OpenAiAnswer answer;
  answer.id =
      fmt::format("{}-{:016x}{:016x}", is_chat ? "chatcmpl" : "cmpl", core.random(), core.random());
  answer.model = model.name();
  answer.created = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  answer.is_chat = is_chat;
  answer.has_tools = !request.completion.tools.empty();
  if (request.wants_logprobs) answer.vocabulary = model.status().vocabulary;
  return answer;
}

Awaitable<bool> answer_whole(ApiExchange& exchange, CompletionStream& stream,
                             const OpenAiAnswer& answer) {
  auto completion = co_await exchange.whole(stream);
  if (!completion) co_return co_await exchange.refuse(std::move(completion).error());
  co_return co_await exchange.answer(200, completion_object(answer, completion.value()));
}

/// The rest of a stream whose first item has come. False where the client takes no more.
Awaitable<bool> send_pieces(ApiExchange& exchange, CompletionStream& stream,
                            CompletionStream::Item item, OpenAiStream& events) {
  for (;;) {
    if (auto* const whole = std::get_if<inference::Completion>(&item)) {
      co_return co_await exchange.send(events.finish(*whole));
    }
    std::string text = events.put(std::get<inference::CompletionChunk>(item));
    bool taken = true;
    if (!text.empty()) taken = co_await exchange.send(std::move(text));
    if (!taken) co_return false;
    auto next = co_await exchange.next(stream);
    if (exchange.client_left()) co_return false;
    if (!next) {
      const Error& error = next.error();
      co_return co_await exchange.send(OpenAiStream::error(http_status(error.code), error.detail));
    }
    item = std::move(next).value();
  }
}

Awaitable<bool> answer_in_pieces(ApiExchange& exchange, CompletionStream& stream,
                                 OpenAiAnswer answer, bool include_usage) {
  auto first = co_await exchange.next(stream);  // While the status can still say what is wrong.
  if (!first) co_return co_await exchange.refuse(std::move(first).error());
  bool taken = co_await exchange.begin_events();
  OpenAiStream events(std::move(answer), include_usage);
  if (taken) taken = co_await send_pieces(exchange, stream, std::move(first).value(), events);
  if (!taken) co_return false;
  co_return co_await exchange.end_events();
}

}  // namespace

std::string ModelApi::model_object(const Served& served) {
  ordered_json object = {{"id", served.model->name()},
                         {"object", "model"},
                         {"created", served.created},
                         {"owned_by", "sluice"}};
  const std::int64_t max_context = served.model->status().max_context;
  object["max_model_len"] = max_context > 0 ? ordered_json(max_context) : ordered_json();
  return dumped(object);
}

std::string ModelApi::models_object() const {
  std::string list;
  for (const Served& served : models_) list += (list.empty() ? "" : ",") + model_object(served);
  return R"({"object":"list","data":[)" + list + "]}";
}

Awaitable<bool> ModelApi::complete(ApiExchange& exchange, bool is_chat) const {
  auto request =
      is_chat ? chat_request_from(exchange.body()) : completion_request_from(exchange.body());
  exchange.release();
  if (!request) co_return co_await exchange.refuse(std::move(request).error());
  OpenAiRequest& asked = request.value();
  const auto found = model_for(asked.model);
  if (!found && found.error().code == Errc::not_found) {
    co_return co_await refuse_unknown(exchange, found.error().detail);
  }
  if (!found) co_return co_await exchange.refuse(found.error());
  TextModel& model = *found.value()->model;
  std::string why = unready_text(model);
  if (!why.empty()) co_return co_await exchange.refuse(503, std::move(why));
  draw_seed(asked.completion);
  OpenAiAnswer answer = answer_for(asked, model, is_chat);
  const auto stream = model.stream(std::move(asked.completion), exchange.deadline());
  if (!asked.stream) co_return co_await answer_whole(exchange, *stream, answer);
  co_return co_await answer_in_pieces(exchange, *stream, std::move(answer), asked.include_usage);
}

}  // namespace sluice
