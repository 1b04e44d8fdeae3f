#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace sluice {

/// One in-process sink as the manifests describe it.
struct SinkSpec {
  std::string kind;  ///< A line of sinks/sinks.def, e.g. "EventDisplay".
  std::string ns = "default";
  std::string name;
  nlohmann::json spec = nlohmann::json::object();  ///< The kind's own fields, checked.
};

/// Where events go, resolved by the manifests.
struct Destination {
  /// An absolute http URL; or, where it starts with '/', the ingress path of a resource of the same
  /// manifests, e.g. "/default/orders", "/default/sinks/display".
  std::string address;

  [[nodiscard]] bool is_local() const noexcept { return address.starts_with('/'); }
  friend bool operator==(const Destination&, const Destination&) = default;
};

/// What a 2xx answer with a body that is no event means (annotation sluice.dev/plain-reply).
enum class PlainReply { fail, ignore, wrap };

/// The type of the event that `wrap` makes of it.
inline constexpr std::string_view kPlainReplyType = "dev.sluice.http.response";

/// How an event is written to an HTTP sink (`delivery.format`).
enum class DeliveryFormat { binary, json };

}  // namespace sluice
