#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

struct epoll_event;

/// What the load generator and the ceilings share: sockets on the loopback, epoll, and the least
/// HTTP that can be got away with. Measuring code: an unexpected error prints itself and ends the
/// process.
namespace sluice::bench {

/// Prints `what` with the text of errno and ends the process with status 1.
[[noreturn]] void die(const char* what);

/// Nanoseconds of a clock that only goes forward.
[[nodiscard]] std::int64_t now_ns() noexcept;

/// CPU time of this process so far.
[[nodiscard]] std::int64_t cpu_ns() noexcept;

/// Raises the limit on open files as far as it goes.
void raise_file_limit();

/// A listening socket on 127.0.0.1, not blocking.
[[nodiscard]] int listen_on(std::uint16_t port);

/// A connection to 127.0.0.1, not blocking, without Nagle's delay.
[[nodiscard]] int connect_to(std::uint16_t port);

/// The next connection waiting on a listener, likewise; -1 when there is none.
[[nodiscard]] int accept_from(int listener);

/// Level-triggered epoll; what is watched is known by its file descriptor.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void watch(int fd);
  /// Whether `fd` is also to be reported when it can be written.
  void watch_writes(int fd, bool on);
  void forget(int fd);

  /// The events that are there, after at most `timeout_ms` (-1: for ever, 0: do not wait).
  [[nodiscard]] std::span<const epoll_event> wait(int timeout_ms);

 private:
  int epoll_;
};

/// Writes everything at once; false when the peer would not take it all.
[[nodiscard]] bool write_all(int fd, std::string_view bytes);

/// The answer of every ceiling.
inline constexpr std::string_view kAccepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

/// What the measuring code wants to know of an HTTP message, request or response.
struct Head {
  int status = 0;  ///< 0 for a request.
  std::size_t body_bytes = 0;
  bool has_id = false;     ///< Whether a `ce-id` of ours was there.
  std::uint32_t lane = 0;  ///< From `ce-id: LLLLLLLL-SSSSSSSSSS`.
  std::uint64_t sequence = 0;
};

/// Reads the lines of a head, without its final empty line. Chunked bodies end the process.
[[nodiscard]] Head parse_head(std::string_view lines);

/// Cuts a stream of bytes into HTTP messages.
class Framer {
 public:
  /// Calls `visit(const Head&)` for every message that `bytes` completes.
  template <typename Visit>
  void feed(std::string_view bytes, Visit&& visit) {
    while (!bytes.empty()) {
      if (body_left_ == 0 && !take_head(bytes)) return;
      const std::size_t skipped = bytes.size() < body_left_ ? bytes.size() : body_left_;
      body_left_ -= skipped;
      bytes.remove_prefix(skipped);
      if (body_left_ == 0) visit(static_cast<const Head&>(head_));
    }
  }

 private:
  /// Takes a head off the front of `bytes`; false when it is not complete yet.
  bool take_head(std::string_view& bytes);

  Head head_;
  std::string partial_;  // The beginning of a head that came in pieces.
  std::size_t body_left_ = 0;
};

/// An event as a complete HTTP request. The id is patched in place, so every request is another
/// event.
class RequestTemplate {
 public:
  struct Options {
    std::string path = "/";
    std::string type = "com.example.order.created.v1";
    std::size_t data_bytes = 256;
    bool structured = false;
  };
  explicit RequestTemplate(const Options& options);

  /// The request with that id; valid until the next call.
  [[nodiscard]] std::string_view with_id(std::uint32_t lane, std::uint64_t sequence);

  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
  std::size_t id_at_ = 0;
};

}  // namespace sluice::bench
