#pragma once

#include "base/redis_client.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {

/// One RedisClient for each core that asks, to one server. Any core.
///
/// Lifecycle: construct -> here()... -> close(), for the kind `standing` -> destroy, when the cores
/// have ended or nothing is in flight.
class RedisClients {
 public:
  RedisClients(RedisAddress address, RedisClient::Kind kind);

  /// The client of `core`, started when first asked for; null after close(). Any thread; what it
  /// answers is used on that core.
  [[nodiscard]] RedisClient* at(Core& core);

  /// The calling core's.
  [[nodiscard]] RedisClient* here();

  [[nodiscard]] const RedisAddress& address() const noexcept { return address_; }

  /// The first trouble that any of them has.
  [[nodiscard]] std::string trouble() const;

  /// Closes them all; called on a core.
  Awaitable<void> close();

 private:
  const RedisAddress address_;
  const RedisClient::Kind kind_;
  mutable std::mutex mutex_;                           // Guards what follows.
  std::vector<std::unique_ptr<RedisClient>> clients_;  // One a core.
  bool closed_ = false;
};

}  // namespace sluice
