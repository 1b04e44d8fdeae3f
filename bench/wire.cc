#include "bench/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace sluice::bench {
namespace {

constexpr std::size_t kLaneDigits = 8;
constexpr std::size_t kSequenceDigits = 10;

std::int64_t read_clock(clockid_t id) noexcept {
  timespec time{};
  clock_gettime(id, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_at_once(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Exactly `size` bytes of JSON that look like an order.
std::string order(std::size_t size) {
  std::string json = R"({"orderId":"8f14e45f-ceea-4e7a-9a3b","amount":1299,"currency":"EUR",)"
                     R"("items":[{"sku":"A-100","qty":2},{"sku":"B-7","qty":1}],"pad":")";
  const std::size_t used = json.size() + 2;
  if (size > used) json.append(size - used, 'x');
  return json + "\"}";
}

template <typename Number>
void put_digits(char* to, std::size_t digits, Number number) {
  for (std::size_t i = digits; i-- > 0; number /= 10) to[i] = static_cast<char>('0' + number % 10);
}

template <typename Number>
Number take_digits(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool begins_with(std::string_view line, std::string_view lower) {
  return line.size() >= lower.size() && strncasecmp(line.data(), lower.data(), lower.size()) == 0;
}

}  // namespace

void die(const char* what) {
  std::fprintf(stderr, "bench: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

std::int64_t now_ns() noexcept { return read_clock(CLOCK_MONOTONIC); }

std::int64_t cpu_ns() noexcept { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
}

int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("bind");
  if (listen(fd, 4096) != 0) die("listen");
  return fd;
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  send_at_once(fd);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) die("fcntl");
  return fd;
}

int accept_from(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) send_at_once(fd);
  return fd;
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) die("epoll_create1");
}

Poller::~Poller() { close(epoll_); }

void Poller::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

void Poller::watch_writes(int fd, bool on) {
  epoll_event event{};
  event.events = on ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0) die("epoll_ctl");
}

void Poller::forget(int fd) { epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr); }

std::span<const epoll_event> Poller::wait(int timeout_ms) {
  thread_local std::array<epoll_event, 1024> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) die("epoll_wait");
  return {events.data(), static_cast<std::size_t>(count < 0 ? 0 : count)};
}

bool write_all(int fd, std::string_view bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

Head parse_head(std::string_view lines) {
  Head head;
  if (lines.starts_with("HTTP/1.") && lines.size() > 12) {
    head.status = take_digits<int>(lines.substr(9, 3));
  }
  for (std::size_t at = lines.find('\n'); at != std::string_view::npos; at = lines.find('\n', at)) {
    const std::string_view line = lines.substr(++at);
    // Only lines that begin with c, C, t or T can be of interest.
    const char first = static_cast<char>(line.empty() ? 0 : line[0] | 0x20);
    if (first == 'c' && begins_with(line, "content-length: ")) {
      head.body_bytes = take_digits<std::size_t>(line.substr(16));
    } else if (first == 'c' && begins_with(line, "ce-id: ") && line.size() > 26 &&
               line[15] == '-') {
      head.has_id = true;
      head.lane = take_digits<std::uint32_t>(line.substr(7, kLaneDigits));
      head.sequence = take_digits<std::uint64_t>(line.substr(16, kSequenceDigits));
    } else if (first == 't' && begins_with(line, "transfer-encoding:")) {
      errno = EPROTO;
      die("a chunked message, which the bench does not read");
    }
  }
  return head;
}

bool Framer::take_head(std::string_view& bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t before = partial_.size();
  std::string_view text = bytes;
  if (before > 0) {
    partial_.append(bytes);
    text = partial_;
  }
  const void* end = memmem(text.data(), text.size(), kEnd.data(), kEnd.size());
  if (end == nullptr) {
    if (before == 0) partial_.assign(bytes);
    return false;
  }
  const auto size = static_cast<std::size_t>(static_cast<const char*>(end) - text.data());
  head_ = parse_head(text.substr(0, size + 2));
  body_left_ = head_.body_bytes;
  bytes.remove_prefix(size + kEnd.size() - before);
  partial_.clear();
  return true;
}

RequestTemplate::RequestTemplate(const Options& options) {
  const std::string id = std::string(kLaneDigits, '0') + "-" + std::string(kSequenceDigits, '0');
  const std::string data = order(options.data_bytes);
  text_ = "POST " + options.path + " HTTP/1.1\r\nhost: 127.0.0.1\r\n";
  std::string body;
  if (options.structured) {
    body = R"({"specversion":"1.0","type":")" + options.type +
           R"(","source":"/shops/eu-west/1234","id":")" + id +
           R"(","time":"2024-05-01T12:34:56.789Z","subject":"orders/8f14e45f",)"
           R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",)"
           R"("datacontenttype":"application/json","data":)" +
           data + "}";
    text_ += "content-type: application/cloudevents+json\r\n";
  } else {
    body = data;
    text_ += "ce-specversion: 1.0\r\nce-type: " + options.type +
             "\r\nce-source: /shops/eu-west/1234\r\nce-id: " + id +
             "\r\nce-time: 2024-05-01T12:34:56.789Z\r\nce-subject: orders/8f14e45f\r\n"
             "ce-traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
             "content-type: application/json\r\n";
  }
  text_ += "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  id_at_ = text_.find(id);
}

std::string_view RequestTemplate::with_id(std::uint32_t lane, std::uint64_t sequence) {
  put_digits(text_.data() + id_at_, kLaneDigits, lane);
  put_digits(text_.data() + id_at_ + kLaneDigits + 1, kSequenceDigits, sequence);
  return text_;
}

}  // namespace sluice::bench
