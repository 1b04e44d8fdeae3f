#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// How a connection goes on after an answer.
enum class AfterReply { keep, keep_http_1_0, close };

/// The standard phrase of a status, e.g. "Bad Request".
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// 202 with an empty body.
[[nodiscard]] std::string_view accepted_reply(AfterReply after) noexcept;

/// 200 to OPTIONS: what the CloudEvents webhook handshake asks for (http-webhook.md 4.2).
[[nodiscard]] std::string webhook_reply(AfterReply after);

/// An RFC 9457 problem; `Allow` with 405, `Retry-After` with 429 and 503. `has_body` is false in
/// answers to HEAD.
[[nodiscard]] std::string problem_reply(int status, std::string_view detail, AfterReply after,
                                        bool has_body = true);

}  // namespace sluice
