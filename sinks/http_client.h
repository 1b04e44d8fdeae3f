#pragma once

#include "base/core_pool.h"
#include "base/task.h"
#include "base/url.h"
#include "sinks/http_exchange.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice {

/// What bounds the outgoing side, per core.
struct HttpClientLimits {
  std::size_t connections_per_host = 512;
  std::size_t connections = 4096;
  std::size_t response_bytes = 16U * 1024 * 1024;
  std::chrono::seconds idle_timeout{30};
};

/// Keep-alive HTTP/1.1 connections of one core, pooled per host. Used on its core only.
class HttpClient {
 public:
  HttpClient(Core& core, HttpClientLimits limits);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends one POST and reads its answer. A connection that the server closed while it was idle is
  /// replaced without the caller noticing; redirects are not followed.
  /// Errors: unavailable (no connection, broken answer), deadline_exceeded.
  Task<HttpAnswer> post(HttpPost request, Deadline deadline);

  /// Closes the idle connections. What is in flight ends by its own deadline.
  void close_idle();

 private:
  class Connection;
  struct Host;
  struct Lease;

  Task<Lease> acquire(const HttpUrl& url, bool fresh, Deadline deadline);
  void wake_waiter(Host& host);
  Task<void> connect(Connection& connection, const HttpUrl& url, Deadline deadline);
  bool close_one_idle();

  Core& core_;
  HttpClientLimits limits_;
  std::unordered_map<std::string, std::unique_ptr<Host>> hosts_;
  std::size_t connections_ = 0;
  std::size_t waiters_ = 0;  // Of all hosts: mostly none, and then nobody is looked for.
  ResponseHead head_;        // Of the answer read last.
};

/// One HttpClient per core of a pool.
class HttpClients {
 public:
  HttpClients(CorePool& cores, HttpClientLimits limits);

  /// The calling core's.
  [[nodiscard]] HttpClient& here() noexcept;
  [[nodiscard]] HttpClient& at(std::size_t core) noexcept { return *clients_[core]; }

 private:
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

}  // namespace sluice
