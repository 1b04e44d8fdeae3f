#pragma once

#include "sinks/http_client.h"
#include "sinks/sink.h"

namespace sluice {

/// What one use of an HTTP destination is: a subscriber, a reply target, a dead letter sink.
struct HttpSinkOptions {
  std::string url;
  std::string ns;             ///< For Kn-Namespace.
  bool expects_reply = true;  ///< Adds `Prefer: reply`; else what comes back is ignored.
  DeliveryFormat format = DeliveryFormat::binary;
  PlainReply plain_reply = PlainReply::ignore;

  friend auto operator<=>(const HttpSinkOptions&, const HttpSinkOptions&) = default;
};

/// Delivers events to an HTTP URL, one POST each, from any core.
/// Errors: invalid_argument for a URL that parse_http_url() refuses.
[[nodiscard]] Result<SinkPtr> make_http_sink(const HttpSinkOptions& options, HttpClients& clients);

}  // namespace sluice
