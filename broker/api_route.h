#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// What a path of the model APIs addresses.
enum class ApiPath {
  unknown,
  models,          ///< GET  /v1/models
  model,           ///< GET  /v1/models/{id}
  chat,            ///< POST /v1/chat/completions
  completions,     ///< POST /v1/completions
  server,          ///< GET  /v2
  live,            ///< GET  /v2/health/live
  ready,           ///< GET  /v2/health/ready
  model_metadata,  ///< GET  /v2/models/{m}
  model_ready,     ///< GET  /v2/models/{m}/ready
  infer,           ///< POST /v2/models/{m}/infer
  generate,        ///< POST /v2/models/{m}/generate
};

struct ApiRoute {
  ApiPath path = ApiPath::unknown;
  bool is_openai = true;  ///< Else KServe's V2: they write errors differently.
  std::string model;      ///< Of the paths that name one.

  [[nodiscard]] bool takes_post() const noexcept {
    return path == ApiPath::chat || path == ApiPath::completions || path == ApiPath::infer ||
           path == ApiPath::generate;
  }
  /// The methods there are, for the header Allow.
  [[nodiscard]] std::string_view allow() const noexcept {
    return takes_post() ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
  }
};

/// Whether a request target lies in a namespace that is reserved for the model APIs.
[[nodiscard]] bool is_model_api(std::string_view target) noexcept;

/// What a target addresses that is_model_api(). A query string and one trailing slash are ignored;
/// /openai/v1/... is /v1/...; names are percent-decoded and may hold slashes, as Qwen/Qwen3-0.6B.
[[nodiscard]] ApiRoute api_route_of(std::string_view target);

}  // namespace sluice
