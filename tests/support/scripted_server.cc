#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace sluice {
namespace {

std::size_t head_size(const std::string& bytes) {
  const auto end = bytes.find("\r\n\r\n");
  return end == std::string::npos ? 0 : end + 4;
}

/// Size of the request that `bytes` starts with; 0 while it is not whole.
std::size_t request_size(const std::string& bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  std::size_t length = 0;
  const auto at = bytes.find("content-length: ");
  if (at != std::string::npos && at < end) length = std::stoul(bytes.substr(at + 16));
  return bytes.size() >= end + 4 + length ? end + 4 + length : 0;
}

bool is_closed(int connection) {
  tcp_info info{};
  socklen_t size = sizeof info;
  const int done = ::getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &size);
  return done != 0 || info.tcpi_state == TCP_CLOSE;
}

/// Until all that was sent, the end included, was acknowledged: on loopback, has arrived; or until
/// the peer has reset the connection, which acknowledges nothing.
void await_arrival(int connection) {
  int unacknowledged = 1;
  while (::ioctl(connection, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0 &&
         !is_closed(connection)) {
    std::this_thread::yield();
  }
}

}  // namespace

ScriptedServer::ScriptedServer(std::vector<Answer> answers) : answers_(std::move(answers)) {
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

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  release();
  {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int connection : connections_) ::close(connection);
  ::close(listener_);
}

void ScriptedServer::say(std::string_view bytes) const {
  const std::lock_guard lock(mutex_);
  for (const int connection : connections_) {
    ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    await_arrival(connection);
  }
}

void ScriptedServer::accept_all() {
  while (!stopping_) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void ScriptedServer::serve(int connection) {
  std::string received;
  char buffer[65536];
  for (;;) {
    const std::size_t whole = answers_early() ? head_size(received) : request_size(received);
    if (whole == 0) {
      const ssize_t got = ::recv(connection, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      received.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    Answer answer;
    {
      std::unique_lock lock(mutex_);
      requests_.push_back(received.substr(0, whole));
      if (!answers_.empty()) answer = answers_[std::min(requests_.size(), answers_.size()) - 1];
      if (answer.held) released_changed_.wait(lock, [this] { return released_; });
    }
    received.erase(0, whole);
    if (answer.never) continue;
    if (::send(connection, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL) < 0) return;
    if (answer.close_after) {
      ::shutdown(connection, SHUT_RDWR);
      await_arrival(connection);
      const std::lock_guard lock(mutex_);
      ++closed_;
      closed_changed_.notify_all();
      return;
    }
  }
}

}  // namespace sluice
