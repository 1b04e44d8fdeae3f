// A subscriber that costs next to nothing: it cuts the stream into requests and answers each.
//
//   sink PORT accept     202
//   sink PORT refuse     503
//   sink PORT hang       reads and never answers

#include "bench/wire.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <unordered_map>

namespace sluice::bench {
namespace {

constexpr std::string_view kRefused =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

class SlimSubscriber {
 public:
  SlimSubscriber(std::uint16_t port, std::string_view answer)
      : listener_(listen_on(port)), answer_(answer) {
    poller_.watch(listener_);
  }

  void run() {
    for (;;) {
      for (const epoll_event& event : poller_.wait(-1)) {
        event.data.fd == listener_ ? accept_all() : serve(event.data.fd);
      }
    }
  }

 private:
  void accept_all() {
    for (int peer = accept_from(listener_); peer >= 0; peer = accept_from(listener_)) {
      framers_[peer] = Framer();
      poller_.watch(peer);
    }
  }

  void serve(int fd) {
    static std::array<char, 256 * 1024> buffer;
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      close(fd);
      return;
    }
    answers_.clear();
    framers_[fd].feed({buffer.data(), static_cast<std::size_t>(got)},
                      [this](const Head&) { answers_ += answer_; });
    if (!answers_.empty() && !write_all(fd, answers_)) close(fd);
  }

  Poller poller_;
  int listener_;
  std::string answer_;
  std::string answers_;
  std::unordered_map<int, Framer> framers_;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  using namespace sluice::bench;
  if (argc != 3) return 2;
  raise_file_limit();
  const std::string_view mode = argv[2];
  const std::string_view answer = mode == "accept" ? kAccepted : mode == "refuse" ? kRefused : "";
  SlimSubscriber(static_cast<std::uint16_t>(std::atoi(argv[1])), answer).run();
}
