#pragma once

#include "base/core_pool.h"
#include "base/host_port.h"
#include "broker/request_reader.h"
#include "manifest/resource_graph.h"

#include <chrono>
#include <string>

namespace sluice {

/// How `sluice serve` runs.
struct ServerOptions {
  HostPort listen{"127.0.0.1", 8080};
  HostPort admin{"127.0.0.1", 8081};
  IngressLimits limits;
  std::chrono::milliseconds drain_timeout{30'000};
  std::string notices;  ///< Printed after the line that says the server is ready.
};

/// Runs the broker that `graph` describes until SIGTERM or SIGINT, then drains. Blocks; called from
/// the main thread. Answers the exit status of the contract: 0 drained, 7 not drained, 3 an address
/// cannot be bound, 78 the graph cannot be built.
[[nodiscard]] int run_server(CorePool& cores, ResourceGraph graph, const ServerOptions& options);

}  // namespace sluice
