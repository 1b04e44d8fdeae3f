#include "broker/model_api.h"

#include <chrono>

namespace sluice {

Result<void> ModelApi::add(TextModelPtr model) {
  if (find(model->name()) != nullptr) {
    return fail(Errc::invalid_argument,
                "two models are served as '" + model->name() +
                    "': give one of them another name with --served-model-name");
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  models_.push_back(
      {std::move(model), std::chrono::duration_cast<std::chrono::seconds>(now).count()});
  return boost::outcome_v2::success();
}

const ModelApi::Served* ModelApi::find(std::string_view name) const noexcept {
  for (const Served& served : models_) {
    if (served.model->name() == name) return &served;
  }
  return nullptr;
}

std::string ModelApi::names() const {
  std::string names;
  for (const Served& served : models_) names += (names.empty() ? "" : ", ") + served.model->name();
  return names;
}

Result<const ModelApi::Served*> ModelApi::model_for(std::string_view name) const {
  if (name.empty() && models_.size() == 1) return &models_.front();
  if (models_.empty()) return fail(Errc::not_found, "no model is served here");
  if (name.empty()) {
    return fail(Errc::invalid_argument, "model: is missing; there are " + names());
  }
  if (const Served* const served = find(name)) return served;
  return fail(Errc::not_found, "the model '" + std::string(name.substr(0, 100)) +
                                   "' is not served here; there are " + names());
}

void draw_seed(inference::CompletionRequest& request) {
  if (!request.seed) request.seed = Core::current()->random();
}

std::string unready_text(const TextModel& model) {
  const TextModelStatus status = model.status();
  if (status.is_ready) return {};
  return "the model '" + model.name() + "' is not ready: " + status.reason;
}

Awaitable<bool> ModelApi::refuse_unknown(ApiExchange& exchange, std::string detail) const {
  co_return co_await exchange.refuse(404, std::move(detail), "model_not_found");
}

Awaitable<bool> ModelApi::serve(ApiCall call) const {
  const RequestHead& head = call.reader.head();
  const ApiRoute route = api_route_of(head.target);
  ApiExchange exchange(call, route);
  if (route.path == ApiPath::unknown) {
    std::string detail = "the model APIs have no " + std::string(head.target.substr(0, 100));
    co_return co_await exchange.refuse(404, std::move(detail));
  }
  if (head.method == "OPTIONS") co_return co_await exchange.answer_options(route.allow());
  const bool is_post = head.method == "POST";
  const bool is_get = head.method == "GET" || head.method == "HEAD";
  if (route.takes_post() ? !is_post : !is_get) {
    co_return co_await exchange.refuse_method(route.allow());
  }
  const bool draining = call.draining.load(std::memory_order_relaxed);
  if (is_get) co_return co_await serve_get(exchange, route, draining);
  if (draining) co_return co_await exchange.refuse(503, "the broker is shutting down");
  co_return co_await serve_post(exchange, route);
}

Awaitable<bool> ModelApi::serve_get(ApiExchange& exchange, const ApiRoute& route,
                                    bool draining) const {
  const Served* served = nullptr;
  if (!route.model.empty()) {
    const auto found = model_for(route.model);
    if (!found) co_return co_await refuse_unknown(exchange, found.error().detail);
    served = found.value();
  }
  switch (route.path) {
    case ApiPath::models:
      co_return co_await exchange.answer(200, models_object());
    case ApiPath::model:
      co_return co_await exchange.answer(200, model_object(*served));
    case ApiPath::server:
      co_return co_await exchange.answer(200, server_object());
    case ApiPath::live:
      co_return co_await exchange.answer(200, R"({"live":true})");
    case ApiPath::ready:
      co_return co_await answer_health(exchange, draining);
    case ApiPath::model_metadata:
      co_return co_await exchange.answer(200, metadata_object(*served));
    default:
      break;
  }
  std::string why = unready_text(*served->model);
  if (draining) why = "the broker is shutting down";
  if (!why.empty()) co_return co_await exchange.refuse(503, std::move(why));
  co_return co_await exchange.answer(200, ready_object(*served));
}

Awaitable<bool> ModelApi::serve_post(ApiExchange& exchange, const ApiRoute& route) const {
  const Served* served = nullptr;
  if (!route.model.empty()) {  // Decided before the body is read, where the path names it.
    const auto found = model_for(route.model);
    if (!found) co_return co_await refuse_unknown(exchange, found.error().detail);
    served = found.value();
  }
  const auto body = co_await exchange.read_body();
  if (body == ApiExchange::Body::ended) co_return false;
  if (body == ApiExchange::Body::refused) {
    const HttpFault& fault = exchange.fault();
    co_return co_await exchange.refuse(fault.status, fault.detail);
  }
  switch (route.path) {
    case ApiPath::infer:
      co_return co_await infer(exchange, *served);
    case ApiPath::generate:
      co_return co_await generate(exchange, *served);
    default:
      co_return co_await complete(exchange, route.path == ApiPath::chat);
  }
}

}  // namespace sluice
