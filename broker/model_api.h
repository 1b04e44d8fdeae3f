#pragma once

#include "broker/api_exchange.h"
#include "broker/text_model.h"
#include "sinks/openai_request.h"
#include "sinks/openai_response.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The model APIs on the ingress port: OpenAI's under /v1/ and /openai/v1/, KServe's V2 under /v2
/// (docs/model-apis.md). Their requests are no events and are not counted as such.
///
/// A generation has no deadline of its own: it ends when its client leaves. Filled before the first
/// connection, then only read, from every core.
class ModelApi {
 public:
  /// `version` is the server's, for GET /v2.
  explicit ModelApi(std::string version) : version_(std::move(version)) {}

  /// Errors: invalid_argument, where a model of that name is there already.
  Result<void> add(TextModelPtr model);

  /// Answers one request, whose target is_model_api(). False ends the connection.
  Awaitable<bool> serve(ApiCall call) const;

 private:
  struct Served {
    TextModelPtr model;
    std::int64_t created;  ///< Seconds since 1970.
  };

  Awaitable<bool> serve_get(ApiExchange& exchange, const ApiRoute& route, bool draining) const;
  Awaitable<bool> serve_post(ApiExchange& exchange, const ApiRoute& route) const;

  // OpenAI's (openai_api.cc).
  [[nodiscard]] std::string models_object() const;
  [[nodiscard]] static std::string model_object(const Served& served);
  Awaitable<bool> complete(ApiExchange& exchange, bool is_chat) const;

  // KServe's (kserve_api.cc).
  [[nodiscard]] std::string server_object() const;
  [[nodiscard]] static std::string metadata_object(const Served& served);
  [[nodiscard]] static std::string ready_object(const Served& served);
  Awaitable<bool> answer_health(ApiExchange& exchange, bool draining) const;
  Awaitable<bool> infer(ApiExchange& exchange, const Served& served) const;
  Awaitable<bool> generate(ApiExchange& exchange, const Served& served) const;

  [[nodiscard]] const Served* find(std::string_view name) const noexcept;
  /// The model of a request; an empty name is that of the only one.
  /// Errors: not_found, invalid_argument.
  [[nodiscard]] Result<const Served*> model_for(std::string_view name) const;
  /// "a, b", for errors.
  [[nodiscard]] std::string names() const;
  /// Answers that the model is not known.
  Awaitable<bool> refuse_unknown(ApiExchange& exchange, std::string detail) const;

  std::string version_;
  std::vector<Served> models_;
};

/// Where the client gave none. Events are decided the same way again; who asks over HTTP expects
/// another answer each time.
void draw_seed(inference::CompletionRequest& request);

/// Why a model cannot be asked now; empty when it can.
[[nodiscard]] std::string unready_text(const TextModel& model);

}  // namespace sluice
