#pragma once

#include "event/event.h"

#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// How a connection goes on after an answer.
enum class AfterReply { keep, keep_http_1_0, close };

/// The standard phrase of a status, e.g. "Bad Request".
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// 202 with an empty body.
[[nodiscard]] std::string_view accepted_reply(AfterReply after) noexcept;

/// 200 with an event in binary mode: what a sink has replied.
[[nodiscard]] std::string event_reply(const Event& event, AfterReply after);

/// 200 with a batch: what a sink has replied to the events of one.
[[nodiscard]] std::string batch_reply(std::span<const EventPtr> events, AfterReply after);

/// 200 to OPTIONS: what the CloudEvents webhook handshake asks for (http-webhook.md 4.2).
[[nodiscard]] std::string webhook_reply(AfterReply after);

/// An RFC 9457 problem; `Allow` with 405, `Retry-After` with 429 and 503. `has_body` is false in
/// answers to HEAD.
[[nodiscard]] std::string problem_reply(int status, std::string_view detail, AfterReply after,
                                        bool has_body = true);

/// The body of an RFC 9457 problem.
[[nodiscard]] std::string problem_json(int status, std::string_view detail);

/// An answer with a body of any kind.
struct PageAnswer {
  int status = 200;
  std::string_view content_type;
  std::string_view body;
  std::string_view allow;  ///< The header's value; empty: none.
  bool has_body = true;    ///< False in answers to HEAD.
};

/// `Retry-After` comes with 429 and 503.
[[nodiscard]] std::string page_reply(const PageAnswer& answer, AfterReply after);

/// What the model APIs answer with.
struct JsonAnswer {
  int status = 200;
  std::string_view body;
  std::string_view allow;  ///< The header's value; empty: none.
  bool has_body = true;    ///< False in answers to HEAD.
};

/// page_reply() with JSON.
[[nodiscard]] std::string json_reply(const JsonAnswer& answer, AfterReply after);

/// 200 to OPTIONS on a path of the model APIs.
[[nodiscard]] std::string options_reply(std::string_view allow, AfterReply after);

/// The head of server-sent events, in chunks or until the connection closes.
[[nodiscard]] std::string event_stream_head(AfterReply after, bool is_chunked);

}  // namespace sluice
