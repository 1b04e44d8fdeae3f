// Ceiling 1: what the kernel's socket path alone costs. One read, one fixed 202, no parsing: what
// comes in one read is taken for one request, which holds for small requests without pipelining.
//
//   raw_epoll PORT

#include "bench/wire.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace {

void serve(std::uint16_t port) {
  using namespace sluice::bench;
  static std::array<char, 256 * 1024> buffer;
  Poller poller;
  const int listener = listen_on(port);
  poller.watch(listener);
  for (;;) {
    for (const epoll_event& event : poller.wait(-1)) {
      const int fd = event.data.fd;
      if (fd == listener) {
        for (int peer = accept_from(listener); peer >= 0; peer = accept_from(listener)) {
          poller.watch(peer);
        }
        continue;
      }
      const ssize_t got = read(fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EAGAIN) continue;
      if (got <= 0 || !write_all(fd, kAccepted)) close(fd);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sluice::bench::raise_file_limit();
  serve(static_cast<std::uint16_t>(std::atoi(argv[1])));
}
