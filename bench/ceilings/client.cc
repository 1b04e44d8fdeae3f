// The ceiling of the outgoing side: how many deliveries one core can make. Keep-alive connections,
// a head formatted by hand, one gathering write, and the least scan of the response.
//
//   client PORT CONNECTIONS SECONDS DATA_BYTES     prints one JSON line

#include "bench/ceilings/plain_event.h"
#include "bench/wire.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using sluice::bench::PlainEvent;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

class Lane {
 public:
  Lane(asio::io_context& io, std::uint16_t port, const PlainEvent& event, std::uint64_t& delivered)
      : socket_(io.get_executor()), event_(event), delivered_(delivered) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(asio::ip::tcp::no_delay(true));
    send();
  }

 private:
  void send() {
    head_.clear();
    event_.append_request_head(head_);
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head_), asio::buffer(event_.data)};
    asio::async_write(socket_, parts, [this](error_code error, std::size_t) {
      if (!error) await_answer();
    });
  }

  void await_answer() {
    socket_.async_read_some(asio::buffer(buffer_), [this](error_code error, std::size_t got) {
      if (error) return;
      bool answered = false;
      framer_.feed({buffer_.data(), got}, [&](const sluice::bench::Head&) { answered = true; });
      if (!answered) return await_answer();
      ++delivered_;
      send();
    });
  }

  Socket socket_;
  const PlainEvent& event_;
  std::uint64_t& delivered_;
  std::string head_;
  std::array<char, 4096> buffer_{};
  sluice::bench::Framer framer_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  sluice::bench::raise_file_limit();
  PlainEvent event;
  event.id = "b1f6d8f2-7a3e-4c5b-9d0e-1122334455aa";
  event.source = "/shops/eu-west/1234";
  event.type = "com.example.order.created.v1";
  event.specversion = "1.0";
  event.time = "2024-05-01T12:34:56.789Z";
  event.subject = "orders/8f14e45f";
  event.datacontenttype = "application/json";
  event.extensions = {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  event.data.assign(static_cast<std::size_t>(std::atol(argv[4])), 'x');

  asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  std::uint64_t delivered = 0;
  std::vector<std::unique_ptr<Lane>> lanes;
  for (int i = 0; i < std::atoi(argv[2]); ++i) {
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    lanes.push_back(std::make_unique<Lane>(io, port, event, delivered));
  }
  const std::int64_t begin = sluice::bench::now_ns();
  const std::int64_t cpu = sluice::bench::cpu_ns();
  io.run_for(std::chrono::milliseconds(static_cast<int>(std::atof(argv[3]) * 1000)));
  const auto seconds = static_cast<double>(sluice::bench::now_ns() - begin) / 1e9;
  std::printf("{\"rate\": %.0f, \"events\": %llu, \"cpu_ns\": %.0f}\n",
              static_cast<double>(delivered) / seconds, static_cast<unsigned long long>(delivered),
              static_cast<double>(sluice::bench::cpu_ns() - cpu) /
                  static_cast<double>(delivered > 0 ? delivered : 1));
  std::_Exit(std::fflush(stdout));  // The lanes still have operations open.
}
