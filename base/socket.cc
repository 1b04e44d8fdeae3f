#include "base/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>

namespace sluice {

namespace asio = boost::asio;

void SocketDeadline::expire() {
  passed_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

Task<void> wait_ready(TcpSocket& socket, Readiness what, SocketDeadline& deadline) {
  if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "deadline passed");
  const auto type = what == Readiness::read ? TcpSocket::wait_read : TcpSocket::wait_write;
  const auto [error] = co_await socket.async_wait(type, use_tuple);
  if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "deadline passed");
  if (error) co_return fail(Errc::unavailable, error.message());
  co_return boost::outcome_v2::success();
}

Task<void> write_all(TcpSocket& socket, std::string_view head, std::string_view body,
                     SocketDeadline& deadline) {
  while (!head.empty() || !body.empty()) {
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(head.data(), head.size()),
                                                       asio::buffer(body.data(), body.size())};
    boost::system::error_code error;
    std::size_t written = socket.write_some(buffers, error);
    const std::size_t of_head = std::min(written, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(written - of_head);
    if (error == asio::error::would_block || (!error && !(head.empty() && body.empty()))) {
      SLUICE_CO_TRY(co_await wait_ready(socket, Readiness::write, deadline));
      continue;
    }
    if (error) co_return fail(Errc::unavailable, error.message());
  }
  co_return boost::outcome_v2::success();
}

ReadNow read_now(TcpSocket& socket, char* into, std::size_t room) noexcept {
  boost::system::error_code error;
  ReadNow result;
  result.size = socket.read_some(asio::buffer(into, room), error);
  result.ended = error && error != asio::error::would_block && error != asio::error::try_again;
  return result;
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
