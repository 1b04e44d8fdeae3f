#pragma once

#include "base/core_pool.h"
#include "base/listener.h"
#include "base/socket.h"
#include "base/task_group.h"
#include "broker/model_api.h"
#include "broker/request_reader.h"
#include "broker/routing_table.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// The HTTP/1.1 front door: accepts connections, spreads them over the cores, and carries each
/// request from its first byte to its answer.
///
/// Lifecycle: construct -> bind() -> start() -> drain() -> stop() -> destroy; all from one core.
class Ingress {
 public:
  /// `models` answers what is under /v1/, /v2 and /openai/.
  Ingress(CorePool& cores, const RoutingTable& routes, const ModelApi& models,
          IngressLimits limits);
  ~Ingress();

  /// Binds the address and answers the port. Port 0 takes a free one.
  /// Errors: unavailable when the address cannot be bound, invalid_argument when it is none.
  Result<std::uint16_t> bind(const std::string& host, std::uint16_t port);

  /// Starts to accept: the routes are complete.
  void start();

  /// From now on events are answered 503; the listener stays open.
  void drain() noexcept { draining_.store(true, std::memory_order_relaxed); }

  /// Closes the listener and every connection; completes when the last has ended. The cores'
  /// deadlines must be in a hurry by then.
  Awaitable<void> stop();

 private:
  class Session;
  struct Lane;  // What the sessions of one core share.

  Awaitable<void> accept();
  Awaitable<void> serve(Core& core, int descriptor);

  CorePool& cores_;
  const RoutingTable& routes_;
  const ModelApi& models_;
  IngressLimits limits_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<TaskGroup> accepting_;
};

}  // namespace sluice
