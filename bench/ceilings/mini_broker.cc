// The reference pipeline: Beast ingress, attributes into strings, a queue in memory per subscriber,
// and keep-alive connections out. No filters, no retries, no limits but one: what a broker can hope
// for, not what it may be.
//
//   mini_broker PORT SINK_PORT SUBSCRIBERS CONNECTIONS_EACH

#include "bench/ceilings/plain_event.h"
#include "bench/wire.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <cstdlib>
#include <deque>
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
using PlainEventPtr = std::shared_ptr<const PlainEvent>;

constexpr std::size_t kMaxQueued = 100'000;
constexpr std::string_view kBad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kFull = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";

/// One subscriber: its queue and its connections.
class Subscriber {
 public:
  Subscriber(asio::io_context& io, std::uint16_t port, int connections) {
    for (int i = 0; i < connections; ++i) {
      lanes_.push_back(std::make_unique<Lane>(io, port, *this));
      idle_.push_back(lanes_.back().get());
    }
  }

  [[nodiscard]] bool full() const { return queue_.size() >= kMaxQueued; }

  void push(PlainEventPtr event) {
    queue_.push_back(std::move(event));
    if (idle_.empty()) return;
    Lane* lane = idle_.back();
    idle_.pop_back();
    feed(*lane);
  }

 private:
  struct Lane {
    Lane(asio::io_context& io, std::uint16_t port, Subscriber& owner)
        : socket(io.get_executor()),
          peer(asio::ip::address_v4::loopback(), port),
          subscriber(owner) {}
    /// At the first event, so that the subscriber may come up after the broker.
    [[nodiscard]] bool connect() {
      error_code error;
      socket.connect(peer, error);
      if (error) return false;
      socket.set_option(asio::ip::tcp::no_delay(true));
      return true;
    }
    Socket socket;
    asio::ip::tcp::endpoint peer;
    Subscriber& subscriber;
    PlainEventPtr event;
    std::string head;
    boost::beast::flat_buffer buffer;
    std::optional<http::response_parser<http::string_body>> response;
  };

  void feed(Lane& lane) {
    if (queue_.empty()) {
      idle_.push_back(&lane);
      return;
    }
    lane.event = std::move(queue_.front());
    queue_.pop_front();
    if (!lane.socket.is_open() && !lane.connect()) {
      queue_.clear();  // Nobody is there, and nobody waits for these.
      return drop(lane);
    }
    lane.head.clear();
    lane.event->append_request_head(lane.head);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(lane.head),
                                                  asio::buffer(lane.event->data)};
    asio::async_write(lane.socket, parts, [&lane](error_code error, std::size_t) {
      error ? lane.subscriber.drop(lane) : lane.subscriber.await_answer(lane);
    });
  }

  void await_answer(Lane& lane) {
    lane.response.emplace();
    http::async_read(lane.socket, lane.buffer, *lane.response,
                     [&lane](error_code error, std::size_t) {
                       if (error) return lane.subscriber.drop(lane);
                       lane.event.reset();
                       lane.subscriber.feed(lane);
                     });
  }

  /// The subscriber has gone, and the event with it: the next one opens a new connection.
  void drop(Lane& lane) {
    lane.event.reset();
    lane.buffer.clear();
    lane.socket.close();
    idle_.push_back(&lane);
  }

  std::deque<PlainEventPtr> queue_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Lane*> idle_;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, std::deque<Subscriber>& subscribers)
      : socket_(std::move(socket)), subscribers_(subscribers) {
    buffer_.reserve(8192);
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(2U << 20);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (!error) self->answer(self->take());
                     });
  }

 private:
  std::string_view take() {
    auto event = std::make_shared<PlainEvent>();
    event->read(parser_->get());
    event->data = std::move(parser_->get().body());
    if (!event->complete()) return kBad;
    for (const Subscriber& subscriber : subscribers_) {
      if (subscriber.full()) return kFull;
    }
    for (Subscriber& subscriber : subscribers_) subscriber.push(event);
    return kAccepted;
  }

  void answer(std::string_view answer) {
    asio::async_write(socket_, asio::buffer(answer),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  Socket socket_;
  std::deque<Subscriber>& subscribers_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
};

void accept(Acceptor& acceptor, std::deque<Subscriber>& subscribers) {
  acceptor.async_accept([&acceptor, &subscribers](error_code error, Socket socket) {
    if (!error) {
      socket.set_option(asio::ip::tcp::no_delay(true));
      std::make_shared<Connection>(std::move(socket), subscribers)->read();
    }
    accept(acceptor, subscribers);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  sluice::bench::raise_file_limit();
  asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  std::deque<Subscriber> subscribers;
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    subscribers.emplace_back(io, static_cast<std::uint16_t>(std::atoi(argv[2])),
                             std::atoi(argv[4]));
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  Acceptor acceptor(io.get_executor(), {asio::ip::address_v4::loopback(), port});
  accept(acceptor, subscribers);
  io.run();
}
