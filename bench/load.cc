// The load generator: sends events over N connections and, where asked, is their subscriber as
// well.
//
//   load --port P [--path /default/b] [--connections 64] [--seconds 3 | --count N] [--rate R]
//        [--listen L --fanout K] [--data-bytes 256] [--structured] [--type T] [--gate]
//
// Closed loop (no --rate): a connection sends its next event when the last one is done, so the rate
// is what the server can do. Open loop (--rate): events are due at fixed times and latency counts
// from then, whether or not a connection was free (no coordinated omission); it busy-polls.
//
// An event is done when its 202 is here and, with --listen, its K deliveries have arrived on that
// port: the rate then is the end-to-end rate.
//
// Prints one JSON line. With --gate it prints "ready" when it is connected, begins when a line
// comes on stdin, and keeps its connections until stdin closes, so that a harness can read clocks
// in between.

#include "bench/wire.h"

#include <CLI/CLI.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace sluice::bench {
namespace {

struct LoadOptions {
  std::uint16_t port = 0;
  std::uint16_t listen = 0;  ///< 0: no subscriber of its own.
  std::uint32_t connections = 64;
  double seconds = 3;
  std::uint64_t count = 0;  ///< 0: for `seconds`.
  double rate = 0;          ///< 0: closed loop.
  std::uint32_t fanout = 1;
  bool gate = false;
  RequestTemplate::Options event;
};

/// Latencies in microseconds.
class Latencies {
 public:
  void add(std::int64_t ns) { samples_.push_back(static_cast<float>(ns) / 1000.0F); }

  void print(const char* name) {
    std::ranges::sort(samples_);
    std::printf(
        ", \"%s\": {\"count\": %zu, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, "
        "\"p999\": %.1f, \"max\": %.1f}",
        name, samples_.size(), at(0.5), at(0.9), at(0.99), at(0.999), at(1.0));
  }

 private:
  [[nodiscard]] double at(double share) const {
    if (samples_.empty()) return 0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(samples_.size()));
    return static_cast<double>(samples_[std::min(index, samples_.size() - 1)]);
  }

  std::vector<float> samples_;
};

/// One connection to the server and the event that is on its way over it.
struct Lane {
  int fd = -1;
  std::uint64_t sequence = 0;
  std::int64_t due = 0;  ///< When it was sent, or should have been.
  std::size_t written = 0;
  std::uint32_t deliveries = 0;
  bool busy = false;
  bool answered = false;
  Framer responses;
};

class Load {
 public:
  explicit Load(LoadOptions options)
      : options_(std::move(options)), request_(options_.event), lanes_(options_.connections) {
    if (options_.listen == 0) options_.fanout = 0;
    if (options_.listen != 0) poller_.watch(listener_ = listen_on(options_.listen));
    for (Lane& lane : lanes_) {
      lane.fd = connect_to(options_.port);
      poller_.watch(lane.fd);
      const auto slot = static_cast<std::size_t>(lane.fd);
      if (by_fd_.size() <= slot) by_fd_.resize(slot + 1, nullptr);
      by_fd_[slot] = &lane;
      idle_.push_back(&lane);
    }
  }

  void run() {
    begin_ = now_ns();
    next_due_ = begin_;
    const auto end = begin_ + static_cast<std::int64_t>(options_.seconds * 1e9);
    if (options_.rate == 0) {
      while (!idle_.empty() && may_start()) start(begin_);
    }
    while (!finished(end)) {
      if (options_.rate > 0) start_what_is_due();
      for (const epoll_event& event : poller_.wait(options_.rate > 0 ? 0 : 10)) react(event);
    }
    elapsed_ = now_ns() - begin_;
  }

  void print() {
    const auto seconds = static_cast<double>(elapsed_) / 1e9;
    std::printf(
        "{\"events\": %llu, \"seconds\": %.3f, \"rate\": %.0f, \"bad\": %llu, "
        "\"deliveries\": %llu, \"strays\": %llu, \"behind_max\": %.0f",
        static_cast<unsigned long long>(done_), seconds, static_cast<double>(done_) / seconds,
        static_cast<unsigned long long>(bad_), static_cast<unsigned long long>(delivered_),
        static_cast<unsigned long long>(strays_), behind_max_);
    accepts_.print("accept_us");
    deliveries_.print("delivery_us");
    std::printf("}\n");
    std::fflush(stdout);
  }

 private:
  // The first events warm caches and connections up; they count, their latency does not.
  static constexpr std::int64_t kWarmUpNs = 200'000'000;

  [[nodiscard]] bool may_start() const { return options_.count == 0 || started_ < options_.count; }

  [[nodiscard]] bool finished(std::int64_t end) const {
    return options_.count > 0 ? done_ >= options_.count : now_ns() >= end;
  }

  void start_what_is_due() {
    const std::int64_t now = now_ns();
    const double gap = 1e9 / options_.rate;
    while (next_due_ <= now && !idle_.empty() && may_start()) {
      start(next_due_);
      next_due_ = begin_ + static_cast<std::int64_t>(static_cast<double>(started_) * gap);
    }
    if (next_due_ < now) {
      behind_max_ = std::max(behind_max_, static_cast<double>(now - next_due_) / gap);
    }
  }

  /// Sends the next event over an idle connection.
  void start(std::int64_t due) {
    Lane& lane = *idle_.back();
    idle_.pop_back();
    ++started_;
    ++lane.sequence;
    lane.due = due;
    lane.written = 0;
    lane.deliveries = 0;
    lane.answered = false;
    lane.busy = true;
    write(lane);
  }

  void write(Lane& lane) {
    const auto index = static_cast<std::uint32_t>(&lane - lanes_.data());
    const std::string_view request = request_.with_id(index, lane.sequence);
    const std::string_view rest = request.substr(lane.written);
    const ssize_t sent = send(lane.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) die("send");
    lane.written += static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
    // A body that does not fit the socket's buffer: the rest when there is room.
    const bool partial = lane.written < request.size();
    if (partial || rest.size() < request.size()) poller_.watch_writes(lane.fd, partial);
  }

  void react(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_) {
      for (int peer = accept_from(fd); peer >= 0; peer = accept_from(fd)) {
        const auto slot = static_cast<std::size_t>(peer);
        if (subscribers_.size() <= slot) subscribers_.resize(slot + 1);
        subscribers_[slot] = std::make_unique<Framer>();
        poller_.watch(peer);
      }
      return;
    }
    const auto slot = static_cast<std::size_t>(fd);
    Lane* lane = slot < by_fd_.size() ? by_fd_[slot] : nullptr;
    if (lane != nullptr && (event.events & EPOLLOUT) != 0) write(*lane);
    if ((event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(fd, lane);
  }

  void read(int fd, Lane* lane) {
    static std::array<char, 256 * 1024> buffer;
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      if (lane != nullptr) die("the server closed a connection");
      close(fd);
      return;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (lane != nullptr) {
      lane->responses.feed(bytes, [&](const Head& head) { on_answer(*lane, head); });
      return;
    }
    answers_.clear();
    subscribers_[static_cast<std::size_t>(fd)]->feed(bytes, [this](const Head& head) {
      answers_ += kAccepted;
      on_delivery(head);
    });
    if (!answers_.empty() && !write_all(fd, answers_)) close(fd);
  }

  void on_answer(Lane& lane, const Head& head) {
    const std::int64_t now = now_ns();
    if (lane.due - begin_ >= kWarmUpNs) accepts_.add(now - lane.due);
    lane.answered = true;
    if (head.status / 100 != 2) {
      ++bad_;
      lane.deliveries = options_.fanout;  // None will come.
    }
    finish_if_done(lane);
  }

  void on_delivery(const Head& head) {
    ++delivered_;
    Lane* lane = head.has_id && head.lane < lanes_.size() ? &lanes_[head.lane] : nullptr;
    if (lane == nullptr || !lane->busy || lane->sequence != head.sequence) {
      ++strays_;  // A second delivery of an event that was done.
      return;
    }
    ++lane->deliveries;
    if (lane->due - begin_ >= kWarmUpNs) deliveries_.add(now_ns() - lane->due);
    finish_if_done(*lane);
  }

  void finish_if_done(Lane& lane) {
    if (!lane.answered || lane.deliveries < options_.fanout) return;
    lane.busy = false;
    ++done_;
    idle_.push_back(&lane);
    if (options_.rate == 0 && may_start()) start(now_ns());
  }

  LoadOptions options_;
  RequestTemplate request_;
  std::vector<Lane> lanes_;
  std::vector<Lane*> by_fd_;
  std::vector<Lane*> idle_;
  std::vector<std::unique_ptr<Framer>> subscribers_;  // By file descriptor.
  std::string answers_;
  Poller poller_;
  int listener_ = -1;
  std::int64_t begin_ = 0;
  std::int64_t elapsed_ = 0;
  std::int64_t next_due_ = 0;
  std::uint64_t started_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t bad_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t strays_ = 0;
  double behind_max_ = 0;
  Latencies accepts_;
  Latencies deliveries_;
};

void await_line() {
  for (int c = std::getchar(); c != '\n' && c != EOF;) c = std::getchar();
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  using namespace sluice::bench;
  LoadOptions options;
  CLI::App app("Sends events, and may be their subscriber as well", "load");
  app.add_option("--port", options.port, "the server's port")->required();
  app.add_option("--path", options.event.path, "ingress path");
  app.add_option("--connections", options.connections, "connections, one event at a time on each");
  app.add_option("--seconds", options.seconds, "how long");
  app.add_option("--count", options.count, "how many events, instead of --seconds");
  app.add_option("--rate", options.rate, "events a second, open loop; 0: closed loop");
  app.add_option("--listen", options.listen, "port of the subscriber in this process");
  app.add_option("--fanout", options.fanout, "deliveries of each event");
  app.add_option("--data-bytes", options.event.data_bytes, "size of the data");
  app.add_option("--type", options.event.type, "type of the events");
  app.add_flag("--structured", options.event.structured, "structured mode, else binary");
  app.add_flag("--gate", options.gate, "begin when a line comes on stdin; end when it closes");
  CLI11_PARSE(app, argc, argv);
  raise_file_limit();
  Load load(options);
  if (options.gate) {
    std::puts("ready");
    std::fflush(stdout);
    await_line();
  }
  load.run();
  load.print();
  if (options.gate) {
    while (std::getchar() != EOF) {
    }
  }
}
