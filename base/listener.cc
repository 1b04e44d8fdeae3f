#include "base/listener.h"

#include "base/descriptors.h"

#include <sys/socket.h>

#include <cerrno>

namespace sluice {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr int kBacklog = 4096;
// With every descriptor in use, accepting is tried again after this.
constexpr std::chrono::milliseconds kPause{100};
// Below this no descriptor number is high, whatever the limit.
constexpr int kLowNumber = 32;

Result<asio::ip::address> address_of(const std::string& host) {
  if (host == "localhost") return asio::ip::address(asio::ip::address_v4::loopback());
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return fail(Errc::invalid_argument, "'" + host + "' is not an IP address");
  return address;
}

}  // namespace

Result<std::uint16_t> Listener::open(const std::string& host, std::uint16_t port) {
  SLUICE_TRY(const auto address, address_of(host));
  const tcp::endpoint endpoint(address, port);
  protocol_ = endpoint.protocol();
  boost::system::error_code error;
  acceptor_.open(protocol_, error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (error) {
    return fail(Errc::unavailable,
                "cannot listen on " + host + ":" + std::to_string(port) + ": " + error.message());
  }
  return acceptor_.local_endpoint(error).port();
}

Awaitable<int> Listener::accept() {
  while (!closed_) {
    // Only looked up where the last connection's number was high.
    if (last_ >= kLowNumber && descriptors_are_scarce()) {
      co_await pause_.wait(core_, std::chrono::steady_clock::now() + kPause);
      continue;
    }
    const int descriptor =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      last_ = descriptor;
      co_return descriptor;
    }
    if (errno == EMFILE || errno == ENFILE) {
      co_await pause_.wait(core_, std::chrono::steady_clock::now() + kPause);
      continue;
    }
    const auto [error] = co_await acceptor_.async_wait(asio::socket_base::wait_read, use_tuple);
    if (error) break;
  }
  co_return -1;
}

void Listener::close() {
  closed_ = true;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.notify_all();
}

}  // namespace sluice
