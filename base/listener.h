#pragma once

#include "base/core_pool.h"
#include "base/result.h"
#include "base/task.h"
#include "base/wait_queue.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace sluice {

/// A listening TCP socket on one core, whose connections may be served on others. Used on its core.
class Listener {
 public:
  explicit Listener(Core& core) : core_(core), acceptor_(core.executor()) {}

  /// Binds and listens; answers the port. Port 0 takes a free one. `host` is an IP address or
  /// "localhost".
  /// Errors: invalid_argument when `host` is none, unavailable when the address cannot be bound.
  Result<std::uint16_t> open(const std::string& host, std::uint16_t port);

  /// Waits for a connection: its descriptor, non-blocking, to be made a socket on the core that
  /// serves it (a core's reactor is nobody else's). While descriptors are scarce it leaves
  /// connections where they wait. -1 once the listener is closed.
  Awaitable<int> accept();

  void close();

  [[nodiscard]] boost::asio::ip::tcp protocol() const noexcept { return protocol_; }

 private:
  Core& core_;
  boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor> acceptor_;
  boost::asio::ip::tcp protocol_ = boost::asio::ip::tcp::v4();
  WaitQueue pause_;
  int last_ = -1;  // The descriptor that was accepted last.
  bool closed_ = false;
};

}  // namespace sluice
