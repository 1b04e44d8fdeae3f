#pragma once

#include "base/http_head.h"
#include "base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// What bounds one HTTP/1.1 message (interface.md, section 10).
struct HttpLimits {
  static constexpr std::size_t kMaxHeaderBytes = 32 * 1024;
  static constexpr std::size_t kMaxTargetBytes = 8 * 1024;
  static constexpr std::size_t kMaxChunkExtensionBytes = 1024;
};

/// A head that was refused: the status that says so, and why.
struct HttpFault {
  int status = 400;
  std::string detail;
};

/// The head of a request. The views point into the parsed bytes.
struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< As on the request line.
  HttpFields fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  std::size_t size = 0;  ///< Bytes of the head, the empty line included.
};

/// The head of a response.
struct ResponseHead {
  int status = 0;
  HttpFields fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  std::size_t size = 0;
};

enum class HeadState { need_more, done, refused };

/// Parses a request's head with Beast and refuses what Beast lets through: a Transfer-Encoding that
/// is not exactly `chunked`, or on HTTP/1.0; no Host or two; obs-fold; a second Content-Length; too
/// many lines. `head` is valid on `done`, `fault` on `refused`.
[[nodiscard]] HeadState parse_request_head(std::string_view bytes, RequestHead& head,
                                           HttpFault& fault);

/// The same for a response; every fault means that the connection is of no further use.
[[nodiscard]] HeadState parse_response_head(std::string_view bytes, ResponseHead& head,
                                            HttpFault& fault);

/// Decodes one chunked body as its bytes arrive. Trailers are read and dropped.
class ChunkedBody {
 public:
  enum class For { request, response };

  /// `head` is the message's head, complete; `max_bytes` bounds the decoded body.
  ChunkedBody(For which, std::string_view head, std::uint64_t max_bytes);
  ~ChunkedBody();

  /// Takes bytes that follow the head; the answer is how many were used. The rest is either the
  /// next message or must come again with more behind it.
  [[nodiscard]] std::size_t put(std::string_view bytes);

  [[nodiscard]] bool done() const noexcept;
  /// Set once the body was refused: 400 for bad framing, 413 past the bound.
  [[nodiscard]] const std::optional<HttpFault>& fault() const noexcept;
  [[nodiscard]] std::string& body() noexcept;

 private:
  class Decoder;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace sluice
