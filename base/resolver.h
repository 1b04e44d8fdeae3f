#pragma once

#include "base/core_pool.h"
#include "base/task.h"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

using Addresses = std::vector<boost::asio::ip::address>;

/// Asks the system for the addresses of a host, in the order to try them; blocks for as long as its
/// name servers let it. Thread safe.
/// Errors: unavailable, with the system's reason.
[[nodiscard]] Result<Addresses> look_up_host(const std::string& name);

/// How names are looked up, and for how long an answer holds.
struct ResolverOptions {
  /// Called on any thread, several names at a time.
  std::function<Result<Addresses>(const std::string& name)> look_up = look_up_host;
  /// The system tells no time to live: long enough for a burst of new connections, short enough
  /// that a service that moved is found again between two retries.
  std::chrono::milliseconds found_for{5'000};
  /// Long enough for a burst of attempts, short enough for a service that comes up.
  std::chrono::milliseconds failed_for{1'000};
  /// Names that are looked up at a time; the others queue. One whose name servers are silent keeps
  /// a thread for as long as the system is patient, often 10 s for each of them.
  std::size_t threads = 32;
};

/// Host names to addresses, for all cores. A name is asked for once however many wait for it, on a
/// thread beside the cores, so that a name server that is silent holds up nobody but them.
/// Destroyed while a lookup has not returned, it leaves that to itself. Thread safe.
class Resolver {
 public:
  explicit Resolver(ResolverOptions options = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// `core` is the caller's.
  /// Errors: unavailable, deadline_exceeded, resource_exhausted (no thread).
  Task<Addresses> resolve(Core& core, std::string name, Deadline deadline);

 private:
  class Lookups;
  std::shared_ptr<Lookups> lookups_;
};

}  // namespace sluice
