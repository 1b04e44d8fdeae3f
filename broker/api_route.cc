#include "broker/api_route.h"

#include "base/encoding.h"
#include "broker/routing_table.h"

namespace sluice {
namespace {

/// Takes `prefix` off `path`; false where it does not begin with it.
bool take(std::string_view& path, std::string_view prefix) noexcept {
  if (!path.starts_with(prefix)) return false;
  path.remove_prefix(prefix.size());
  return true;
}

bool take_end(std::string_view& path, std::string_view suffix) noexcept {
  if (path.size() <= suffix.size() || !path.ends_with(suffix)) return false;
  path.remove_suffix(suffix.size());
  return true;
}

void name_model(ApiPath path, std::string_view encoded, ApiRoute& route) {
  auto name = percent_decode(encoded);
  if (!name || name.value().empty()) return;
  route.path = path;
  route.model = std::move(name).value();
}

void read_openai(std::string_view path, ApiRoute& route) {
  if (path == "/models") route.path = ApiPath::models;
  if (path == "/chat/completions") route.path = ApiPath::chat;
  if (path == "/completions") route.path = ApiPath::completions;
  if (take(path, "/models/")) name_model(ApiPath::model, path, route);
}

void read_kserve(std::string_view path, ApiRoute& route) {
  route.is_openai = false;
  if (path.ends_with("/generate_stream")) return;  // No model's name: streams are OpenAI's.
  if (path.empty()) route.path = ApiPath::server;
  if (path == "/health/live") route.path = ApiPath::live;
  if (path == "/health/ready") route.path = ApiPath::ready;
  if (!take(path, "/models/")) return;
  if (take_end(path, "/ready")) return name_model(ApiPath::model_ready, path, route);
  if (take_end(path, "/infer")) return name_model(ApiPath::infer, path, route);
  if (take_end(path, "/generate")) return name_model(ApiPath::generate, path, route);
  name_model(ApiPath::model_metadata, path, route);
}

}  // namespace

bool is_model_api(std::string_view target) noexcept {
  const std::string_view path = path_of(target);
  for (const std::string_view ns : {"/v1", "/v2", "/openai"}) {
    if (path.starts_with(ns) && (path.size() == ns.size() || path[ns.size()] == '/')) return true;
  }
  return false;
}

ApiRoute api_route_of(std::string_view target) {
  std::string_view path = path_of(target);
  ApiRoute route;
  if (take(path, "/v2")) {
    read_kserve(path, route);
  } else {
    take(path, "/openai");
    if (take(path, "/v1")) read_openai(path, route);
  }
  return route;
}

}  // namespace sluice
