#pragma once

#include "base/redis_client.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

/// The right of one of several processes to do something: a key in Redis that expires. Whoever held
/// it and hears nothing of Redis for `held` does not hold it any more, here and there. Used on the
/// client's core.
class RedisLease {
 public:
  RedisLease(RedisClient& client, std::string key, std::chrono::milliseconds held);

  /// Takes the lease where nobody has it, prolongs it where it is ours. True: it is ours now.
  /// Errors: as RedisClient::command().
  Task<bool> take_or_renew(Deadline deadline);

  /// Gives it up, where it is ours.
  Awaitable<void> release(Deadline deadline);

  /// By this machine's clock, counted from before Redis was last asked.
  [[nodiscard]] bool is_held() const noexcept;

  /// How often it was taken, not counting prolongations: where that has changed, somebody else may
  /// have had it in between.
  [[nodiscard]] std::uint64_t terms() const noexcept { return terms_; }

  /// How long it still holds, if it does.
  [[nodiscard]] std::chrono::milliseconds left() const noexcept;

 private:
  RedisClient& client_;
  const std::string key_;
  const std::string held_ms_;
  const std::chrono::milliseconds held_;
  const std::string token_;
  Deadline until_{};
  std::uint64_t terms_ = 0;
};

}  // namespace sluice
