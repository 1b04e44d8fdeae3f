// Ceiling 2, the denominator of the ingress goals: the least that Beast and a CloudEvent cost.
// Callbacks on a concrete executor, one thread, no timer, an 8 KB read buffer (Beast's default
// reads 512 bytes at a time), the attributes into strings, a 202 that was serialised before.
//
//   lean_beast PORT

#include "bench/ceilings/plain_event.h"
#include "bench/wire.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdlib>
#include <memory>
#include <optional>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using sluice::bench::kAccepted;
using sluice::bench::PlainEvent;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

constexpr std::string_view kBad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
volatile std::size_t bytes_seen = 0;  // So that the event is not optimised away.

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Socket socket) : socket_(std::move(socket)) { buffer_.reserve(8192); }

  void read() {
    parser_.emplace();
    parser_->body_limit(2U << 20);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    PlainEvent event;
    event.read(parser_->get());
    event.data = std::move(parser_->get().body());
    bytes_seen = bytes_seen + event.data.size();
    const std::string_view answer = event.complete() ? kAccepted : kBad;
    asio::async_write(socket_, asio::buffer(answer),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  Socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
};

void accept(Acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code error, Socket socket) {
    if (!error) {
      socket.set_option(asio::ip::tcp::no_delay(true));
      std::make_shared<Connection>(std::move(socket))->read();
    }
    accept(acceptor);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sluice::bench::raise_file_limit();
  asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  Acceptor acceptor(io.get_executor(), {asio::ip::address_v4::loopback(), port});
  accept(acceptor);
  io.run();
}
