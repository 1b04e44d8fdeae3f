#pragma once

#include "base/http_parser.h"
#include "base/socket.h"
#include "base/url.h"
#include "event/event_http.h"

#include <string>
#include <string_view>

namespace sluice {

/// One request. The views must live until the exchange has ended.
struct HttpPost {
  const HttpUrl* url = nullptr;
  std::string_view head;  ///< Request line to the empty line, content-length included.
  std::string_view body;
};

/// A response. Unless `kept` or `body.owned` hold its bytes, they are in the core's scratch space
/// and good until the caller suspends; so is `head`.
struct HttpAnswer {
  const ResponseHead* head = nullptr;
  HttpBody body;
  std::string kept;     ///< Head, where the answer did not come whole.
  std::string decoded;  ///< Body, where it was chunked or ended with the connection.
};

/// One request and its answer on one connection. An answer that comes whole in one read is parsed
/// where it lies; every other one gets a buffer of its own.
class HttpExchange {
 public:
  /// `head` is room for the parsed head that all exchanges of one core share.
  HttpExchange(Core& core, TcpSocket& socket, std::size_t max_answer_bytes, ResponseHead& head)
      : core_(core),
        socket_(socket),
        deadline_(core, socket),
        max_answer_bytes_(max_answer_bytes),
        head_(head) {}

  /// Errors: unavailable (the connection broke, the answer is malformed or too large),
  /// deadline_exceeded.
  Task<HttpAnswer> run(HttpPost request, Deadline deadline);

  /// Not a byte of the request went out: the server has not seen it.
  [[nodiscard]] bool unsent() const noexcept { return unsent_; }

  /// The connection can carry another request.
  [[nodiscard]] bool reusable() const noexcept { return reusable_; }

 private:
  Task<void> send(Unwritten& bytes);
  [[nodiscard]] bool answers_early();
  Task<HttpAnswer> read_answer();
  Task<HttpAnswer> finish_answer(std::string_view received, bool in_scratch);
  Result<HttpAnswer> keep_whole(std::string_view whole, HttpAnswer answer);
  Task<HttpAnswer> read_sized(std::string_view received);
  Task<HttpAnswer> read_chunked(HttpAnswer answer, std::string rest);
  Task<HttpAnswer> read_to_end(HttpAnswer answer, std::string rest);
  Task<std::size_t> read_some(char* into, std::size_t room);
  void reparse(std::string_view bytes);
  [[nodiscard]] Error too_large() const;

  Core& core_;
  TcpSocket& socket_;
  SocketDeadline deadline_;
  std::size_t max_answer_bytes_;
  ResponseHead& head_;
  bool unsent_ = true;
  bool answered_ = false;
  bool reusable_ = false;
};

}  // namespace sluice
