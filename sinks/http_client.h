#pragma once

#include "base/core_pool.h"
#include "base/resolver.h"
#include "base/ring_queue.h"
#include "base/task.h"
#include "base/url.h"
#include "sinks/http_exchange.h"

#include <boost/intrusive/list.hpp>

#include <cstdint>
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
  HttpClient(Core& core, HttpClientLimits limits,
             std::shared_ptr<Resolver> resolver = std::make_shared<Resolver>());
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends one POST and reads its answer. A connection on which the server closed or said something
  /// while it was idle is replaced without the caller noticing, as is one that takes not a byte; a
  /// request that went out is never sent again. Redirects are not followed.
  /// Errors: unavailable (no connection, broken answer), deadline_exceeded.
  Task<HttpAnswer> post(HttpPost request, Deadline deadline);

  /// Closes the idle connections. What is in flight ends by its own deadline.
  void close_idle();

 private:
  class Connection;
  struct Host;
  struct Lease;
  struct IdleTag;
  using IdleHook =
      boost::intrusive::list_base_hook<boost::intrusive::tag<IdleTag>,
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  using IdleList = boost::intrusive::list<IdleHook, boost::intrusive::base_hook<IdleHook>,
                                          boost::intrusive::constant_time_size<false>>;

  Task<Lease> acquire(const HttpUrl& url, bool fresh, Deadline deadline);
  [[nodiscard]] bool make_room(Host& host);
  void let_go(Connection& idle);
  void wants_room(Host& host);
  void wake_waiter(Host& host);
  bool wake(Host& host);
  [[nodiscard]] std::unique_ptr<Connection> take_idle(Host& host);
  Task<void> connect(Connection& connection, const HttpUrl& url, Deadline deadline);
  Task<Addresses> addresses_of(const std::string& host, Deadline deadline);

  Core& core_;
  HttpClientLimits limits_;
  std::shared_ptr<Resolver> resolver_;
  std::unordered_map<std::string, std::unique_ptr<Host>> hosts_;
  IdleList idle_;  // Of all hosts, the one used last at the back.
  std::size_t connections_ = 0;
  std::size_t woken_ = 0;          // Waiters that were notified and have not run yet.
  RingQueue<Host*> wanting_room_;  // Hosts that have waiters, each once; some have none any more.
  std::uint64_t wake_ups_ = 0;
  ResponseHead head_;  // Of the answer read last.
};

/// One HttpClient per core of a pool; they share what names resolve to.
class HttpClients {
 public:
  HttpClients(CorePool& cores, HttpClientLimits limits,
              const std::shared_ptr<Resolver>& resolver = std::make_shared<Resolver>());

  /// The calling core's.
  [[nodiscard]] HttpClient& here() noexcept;
  [[nodiscard]] HttpClient& at(std::size_t core) noexcept { return *clients_[core]; }

 private:
  std::vector<std::unique_ptr<HttpClient>> clients_;
};

}  // namespace sluice
