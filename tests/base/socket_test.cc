// What is checked: that a socket's deadline ends what is under way and what begins too late.
// Method: two connected sockets on a core run by hand.

#include "base/socket.h"

#include "tests/support/run_task.h"

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using boost::asio::ip::tcp;

class SocketTest : public testing::Test {
 protected:
  SocketTest() {
    boost::asio::basic_socket_acceptor<tcp, Executor> acceptor(
        core_.executor(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    ours_.connect(acceptor.local_endpoint());
    acceptor.accept(theirs_);
    prepare(ours_);
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  TcpSocket ours_{core_.executor()};
  TcpSocket theirs_{core_.executor()};
};

TEST_F(SocketTest, TheDeadlineEndsWhatIsUnderWay) {
  SocketDeadline deadline(core_, ours_);
  deadline.set(std::chrono::steady_clock::now());
  const auto ready = run_task(core_, wait_ready(ours_, Readiness::read, deadline));
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, Errc::deadline_exceeded);
}

TEST_F(SocketTest, TheDeadlineEndsWhatBeginsAfterIt) {
  SocketDeadline deadline(core_, ours_);
  deadline.set(std::chrono::steady_clock::now());
  while (!deadline.passed()) run_some(core_);
  // As the next step of a composed operation does, which knows nothing of deadlines.
  std::array<char, 1> byte{};
  const auto read = [](TcpSocket& from,
                       std::span<char> into) -> Awaitable<boost::system::error_code> {
    const auto buffer = boost::asio::buffer(into.data(), into.size());
    const auto [error, size] = co_await from.async_read_some(buffer, use_tuple);
    co_return error;
  };
  EXPECT_EQ(run_task(core_, read(ours_, byte)), boost::asio::error::operation_aborted);
}

}  // namespace
}  // namespace sluice
