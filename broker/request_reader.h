#pragma once

#include "base/http_parser.h"
#include "base/socket.h"
#include "broker/http_reply.h"
#include "event/event_http.h"

#include <memory>
#include <string>

namespace sluice {

/// What bounds a producer's connection (interface.md, section 10).
struct IngressLimits {
  std::size_t max_event_bytes = 1024 * 1024;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};  ///< Without progress.
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds answer_timeout{600'000};  ///< For a sink, as for any attempt at one.
};

/// Reads the requests of one connection, one after the other, and writes their answers.
///
/// A request that comes whole in one read stays in the core's scratch bytes; one that comes in
/// pieces gets a buffer of its own. Either way head() and body() are good from the read that
/// answered `ready` until the session suspends.
class RequestReader {
 public:
  enum class State {
    ready,
    refused,  ///< fault() says why; the connection closes after the answer.
    ended,    ///< The peer has gone, or was idle too long.
  };

  /// `head` is room for the parsed head that all readers of one core share.
  RequestReader(Core& core, TcpSocket socket, const IngressLimits& limits, RequestHead& head);

  Awaitable<State> read_head();
  Awaitable<State> read_body();

  [[nodiscard]] const RequestHead& head() const noexcept { return head_; }
  [[nodiscard]] HttpBody& body() noexcept { return body_; }
  [[nodiscard]] const HttpFault& fault() const noexcept { return fault_; }
  [[nodiscard]] bool is_head_method() const noexcept { return is_head_method_; }

  /// How the connection goes on. Ends the views into the request, and steps over a body that nobody
  /// has read, if it is here already.
  [[nodiscard]] AfterReply after_reply();

  [[nodiscard]] bool is_http_1_0() const noexcept { return http_1_0_; }

  /// After after_reply(): the connection ends with this answer all the same.
  AfterReply close_after_reply() noexcept {
    keep_alive_ = false;
    return AfterReply::close;
  }

  /// Whether the peer has closed its side while its answer was being made; bytes that it sent
  /// before do not hide it.
  [[nodiscard]] bool peer_has_left() noexcept { return has_left(socket_); }

  /// Writes a part of an answer. False when the peer did not take it.
  Awaitable<bool> write(std::string_view text);

  /// Writes an answer, or the end of one. False when the peer did not take it.
  Awaitable<bool> reply(std::string_view text, AfterReply after);

  /// Closes so that the last answer arrives: what the peer still sends is read and dropped first,
  /// for a while.
  Awaitable<void> finish();

 private:
  void take_facts(std::string_view request);
  State refuse(int status, std::string detail);
  Awaitable<State> refuse_timeout(const char* detail);
  Awaitable<State> read_sized_body();
  Awaitable<State> read_chunked_body();
  Awaitable<bool> send_continue();
  void reparse(std::string_view head_bytes);

  Core& core_;
  TcpSocket socket_;
  SocketDeadline deadline_;
  const IngressLimits& limits_;
  RequestHead& head_;
  HttpFault fault_;
  HttpBody body_;

  // The request being read; its views die when the core's scratch is used again.
  std::string_view request_;     // Everything received of it, and what came behind it.
  std::size_t used_ = 0;         // Bytes of request_ that belong to it.
  std::string pending_;          // What outlives a suspension: a partial head, the next request.
  std::unique_ptr<char[]> own_;  // A request that came in pieces.
  std::string decoded_;          // A chunked body.

  // Facts of the head, kept because head_ is shared.
  std::size_t head_size_ = 0;
  std::uint64_t content_length_ = 0;
  bool chunked_ = false;
  bool expects_continue_ = false;
  bool is_head_method_ = false;
  bool http_1_0_ = false;
  bool keep_alive_ = true;
  bool body_read_ = false;
};

}  // namespace sluice
