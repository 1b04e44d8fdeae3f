#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// A blocking loopback connection that sends bytes as they are and reads what comes back.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// One answer with its body; "" when the connection has ended.
  std::string read_answer() {
    while (answer_size() == 0) {
      if (!read_more()) return {};
    }
    const std::size_t size = answer_size();
    std::string answer = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  /// The head of an answer, whose body stays to be read; "" when the connection has ended.
  std::string read_head() { return read_through("\r\n\r\n"); }

  /// The next chunk of a chunked body; "" for the last one.
  std::string read_chunk() {
    const std::string line = read_through("\r\n");
    if (line.empty()) return {};
    const std::size_t size = std::stoul(line, nullptr, 16) + 2;
    while (received_.size() < size) {
      if (!read_more()) return {};
    }
    std::string chunk = received_.substr(0, size - 2);
    received_.erase(0, size);
    return chunk;
  }

  /// Everything until the other side closes.
  std::string read_to_end() {
    while (read_more()) {
    }
    return std::exchange(received_, {});
  }

  /// Whether nothing has come, without waiting.
  [[nodiscard]] bool is_silent() const {
    pollfd poll{socket_, POLLIN, 0};
    return received_.empty() && ::poll(&poll, 1, 0) == 0;
  }

 private:
  std::string read_through(std::string_view mark) {
    std::size_t end = received_.find(mark);
    while (end == std::string::npos) {
      if (!read_more()) return {};
      end = received_.find(mark);
    }
    std::string text = received_.substr(0, end + mark.size());
    received_.erase(0, text.size());
    return text;
  }

  bool read_more() {
    char buffer[16384];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  [[nodiscard]] std::size_t answer_size() const {
    const auto end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    std::size_t length = 0;
    const auto at = received_.find("content-length: ");
    if (at != std::string::npos && at < end) length = std::stoul(received_.substr(at + 16));
    return received_.size() >= end + 4 + length ? end + 4 + length : 0;
  }

  int socket_ = -1;
  std::string received_;
};

}  // namespace sluice
