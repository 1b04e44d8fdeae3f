#pragma once

#include "base/http_head.h"
#include "base/result.h"
#include "event/event.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// How an HTTP message carries an event (CloudEvents HTTP protocol binding 1.0.2, section 3).
enum class HttpMode : std::uint8_t {
  none,  ///< No event: neither a CloudEvents content type nor ce-specversion.
  binary,
  structured,   ///< application/cloudevents+json
  batch,        ///< application/cloudevents-batch+json: event/event_batch.h
  unsupported,  ///< A CloudEvents content type in a format that is not JSON, or without a suffix.
};

[[nodiscard]] HttpMode http_mode(std::span<const HttpField> fields) noexcept;

/// The body of an HTTP message. Nothing behind `bytes` is read: no padding is needed.
struct HttpBody {
  std::string_view bytes;
  std::unique_ptr<char[]> owned;  ///< Holds `bytes` where the body has a buffer of its own.
  std::size_t owned_size = 0;
};

/// Which of a message's own headers travel on with its event (Knative's allow-list and the trace):
/// x-request-id, knative-*, x-b3-*, traceparent, tracestate.
[[nodiscard]] bool is_passed_header(std::string_view name) noexcept;

/// The event in an HTTP request or response in binary or structured mode, validated. A body with a
/// buffer of its own is adopted, not copied; `body` is untouched on error.
/// Errors: invalid_argument, naming the attribute, when it is no valid event.
[[nodiscard]] Result<EventPtr> event_from_http(HttpMode mode, std::span<const HttpField> fields,
                                               HttpBody& body);

/// Appends the header lines of `event` in binary mode (`ce-...`, `content-type`), each ended by
/// CRLF, percent-encoded as section 3.1.3.2 of the binding says. `knativebrokerttl` is left out:
/// no subscriber sees it. Not `content-length`.
void append_binary_headers(const Event& event, std::string& head);

}  // namespace sluice
