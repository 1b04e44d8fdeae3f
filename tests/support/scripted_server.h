#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice {

/// A subscriber on a free loopback port that answers request n with answers[n] (the last one for
/// all that follow), byte for byte, and keeps what it received. An answer may say to close.
class ScriptedServer {
 public:
  struct Answer {
    std::string bytes = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    bool close_after = false;
    bool never = false;  ///< Reads the request and says nothing.
  };

  explicit ScriptedServer(std::vector<Answer> answers) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 64);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int connection : connections_) ::close(connection);
    ::close(listener_);
  }

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/events") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  [[nodiscard]] std::size_t connection_count() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

 private:
  void accept_all() {
    while (!stopping_) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const std::lock_guard lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] { serve(connection); });
    }
  }

  void serve(int connection) {
    std::string received;
    char buffer[65536];
    for (;;) {
      const std::size_t whole = request_size(received);
      if (whole == 0) {
        const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) return;
        received.append(buffer, static_cast<std::size_t>(got));
        continue;
      }
      Answer answer;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(received.substr(0, whole));
        if (!answers_.empty()) answer = answers_[std::min(requests_.size(), answers_.size()) - 1];
      }
      received.erase(0, whole);
      if (answer.never) continue;
      if (::send(connection, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL) < 0) return;
      if (answer.close_after) {
        ::shutdown(connection, SHUT_RDWR);
        return;
      }
    }
  }

  /// Size of the request that `bytes` starts with; 0 while it is not whole.
  static std::size_t request_size(const std::string& bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    std::size_t length = 0;
    const auto at = bytes.find("content-length: ");
    if (at != std::string::npos && at < end) length = std::stoul(bytes.substr(at + 16));
    return bytes.size() >= end + 4 + length ? end + 4 + length : 0;
  }

  std::vector<Answer> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
