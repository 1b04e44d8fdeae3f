#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
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
    bool held = false;   ///< Waits for release().
    bool early = false;  ///< Comes, and the connection ends, once the head is there.
  };

  explicit ScriptedServer(std::vector<Answer> answers);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/events") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Holds no answer back any more.
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    released_changed_.notify_all();
  }

  /// Until `count` connections were closed as their answers said, and the client's side knows it.
  void await_closed(std::size_t count) const {
    std::unique_lock lock(mutex_);
    closed_changed_.wait(lock, [&] { return closed_ >= count; });
  }

  /// Says something on every open connection that nobody asked for, and waits until it has arrived.
  void say(std::string_view bytes) const;

  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  [[nodiscard]] std::size_t connection_count() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }

 private:
  void accept_all();
  void serve(int connection);
  [[nodiscard]] bool answers_early() const { return !answers_.empty() && answers_.front().early; }

  std::vector<Answer> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::condition_variable released_changed_;
  bool released_ = false;
  mutable std::condition_variable closed_changed_;
  std::size_t closed_ = 0;
  std::vector<std::string> requests_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
