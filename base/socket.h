#pragma once

#include "base/core_pool.h"
#include "base/task.h"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <span>
#include <string_view>

namespace sluice {

/// A TCP socket on one core. Reading waits for readiness and then reads without blocking into the
/// core's scratch bytes, so that an idle connection holds no buffer.
using TcpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// Cancels a socket's operations once a deadline has passed, those too that begin after it, until
/// set() or the end of this object. One per socket in use; costs a list link, not a timer.
class SocketDeadline final : public Expiring {
 public:
  SocketDeadline(Core& core, TcpSocket& socket) : core_(core), socket_(socket) {}
  ~SocketDeadline() { DeadlineWheel::cancel(*this); }

  void set(Deadline due) {
    passed_ = false;
    core_.deadlines().schedule(*this, due);
  }
  [[nodiscard]] bool passed() const noexcept { return passed_; }

  void expire() override;

 private:
  Core& core_;
  TcpSocket& socket_;
  bool passed_ = false;
};

enum class Readiness { read, write };

/// Waits until `socket` is ready.
/// Errors: deadline_exceeded; unavailable when the socket broke or was closed.
Task<void> wait_ready(TcpSocket& socket, Readiness what, SocketDeadline& deadline);

/// What is still to be written.
struct Unwritten {
  std::string_view head;
  std::string_view body;
  [[nodiscard]] std::size_t size() const noexcept { return head.size() + body.size(); }
};

/// Writes what the socket takes now and takes it off `bytes`; true when that was all.
/// Errors: unavailable.
Result<bool> write_now(TcpSocket& socket, Unwritten& bytes);

/// Waits until `socket` can be written to or has something to read, and says which.
/// Errors: as wait_ready().
Task<Readiness> wait_either(TcpSocket& socket, SocketDeadline& deadline);

/// Writes all of `bytes`, at once where the socket takes them, else as it gets room. Takes off
/// `bytes` what was written, also when it fails.
/// Errors: as wait_ready().
Task<void> write_all(TcpSocket& socket, Unwritten& bytes, SocketDeadline& deadline);

/// What one read_now() found.
struct ReadNow {
  std::size_t size = 0;  ///< Bytes read; 0 where nothing was there yet or the stream ended.
  bool ended = false;    ///< The peer has closed its side, or the socket broke.
};

/// Reads what is there, without waiting. The socket is in non-blocking mode.
[[nodiscard]] ReadNow read_now(TcpSocket& socket, char* into, std::size_t room) noexcept;

/// The next bytes, which stay to be read; empty where there are none yet. `into` holds them.
[[nodiscard]] std::string_view peek_now(TcpSocket& socket, std::span<char> into) noexcept;

/// Whether a connection on which nothing is awaited is open and silent: the peer has neither closed
/// it nor sent anything.
[[nodiscard]] bool is_quiet(TcpSocket& socket) noexcept;

/// Whether the peer has closed its side or the connection has broken, whatever is still to be read.
[[nodiscard]] bool has_left(TcpSocket& socket) noexcept;

/// Acknowledges what has come at once. For a message that comes in pieces: a peer with Nagle's
/// algorithm sends the next piece only then, and the kernel would let it wait for 40 ms.
void acknowledge_now(TcpSocket& socket) noexcept;

/// No delay, non-blocking: what every socket of ours is.
void prepare(TcpSocket& socket) noexcept;

}  // namespace sluice
