#include "base/socket.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kCancelAgain{100};

}  // namespace

void SocketDeadline::expire() {
  passed_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  // An operation of several steps may be between two of them: the next one must end as well.
  core_.deadlines().schedule(*this, std::chrono::steady_clock::now() + kCancelAgain);
}

Task<void> wait_ready(TcpSocket& socket, Readiness what, SocketDeadline& deadline) {
  if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "deadline passed");
  const auto type = what == Readiness::read ? TcpSocket::wait_read : TcpSocket::wait_write;
  const auto [error] = co_await socket.async_wait(type, use_tuple);
  if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "deadline passed");
  if (error) co_return fail(Errc::unavailable, error.message());
  co_return boost::outcome_v2::success();
}

Task<Readiness> wait_either(TcpSocket& socket, SocketDeadline& deadline) {
  if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "deadline passed");
  auto readable = socket.async_wait(TcpSocket::wait_read, use_tuple);
  auto writable = socket.async_wait(TcpSocket::wait_write, use_tuple);
  using asio::experimental::awaitable_operators::operator||;
  const auto first = co_await (std::move(readable) || std::move(writable));
  if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "deadline passed");
  co_return first.index() == 0 ? Readiness::read : Readiness::write;
}

Result<bool> write_now(TcpSocket& socket, Unwritten& bytes) {
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(bytes.head.data(), bytes.head.size()),
      asio::buffer(bytes.body.data(), bytes.body.size())};
  boost::system::error_code error;
  const std::size_t written = socket.write_some(buffers, error);
  const std::size_t of_head = std::min(written, bytes.head.size());
  bytes.head.remove_prefix(of_head);
  bytes.body.remove_prefix(written - of_head);
  if (error && error != asio::error::would_block) return fail(Errc::unavailable, error.message());
  return bytes.size() == 0;
}

Task<void> write_all(TcpSocket& socket, Unwritten& bytes, SocketDeadline& deadline) {
  for (;;) {
    SLUICE_CO_TRY(const bool all, write_now(socket, bytes));
    if (all) co_return boost::outcome_v2::success();
    SLUICE_CO_TRY(co_await wait_ready(socket, Readiness::write, deadline));
  }
}

ReadNow read_now(TcpSocket& socket, char* into, std::size_t room) noexcept {
  boost::system::error_code error;
  ReadNow result;
  result.size = socket.read_some(asio::buffer(into, room), error);
  result.ended = error && error != asio::error::would_block && error != asio::error::try_again;
  return result;
}

std::string_view peek_now(TcpSocket& socket, std::span<char> into) noexcept {
  const int flags = MSG_PEEK | MSG_DONTWAIT;
  const ssize_t got = ::recv(socket.native_handle(), into.data(), into.size(), flags);
  return {into.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

bool is_quiet(TcpSocket& socket) noexcept {
  char byte = 0;
  const ssize_t got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool has_left(TcpSocket& socket) noexcept {
  pollfd state{socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

void acknowledge_now(TcpSocket& socket) noexcept {
  const int on = 1;
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void prepare(TcpSocket& socket) noexcept {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
}

}  // namespace sluice
