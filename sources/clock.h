#pragma once

#include "base/core_pool.h"
#include "base/task.h"
#include "base/wait_queue.h"

#include <chrono>

namespace sluice {

/// The time on the wall, and waiting for it: what a source goes by, so that tests can turn it.
class Clock {
 public:
  using Time = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;

  [[nodiscard]] virtual Time now() const = 0;

  /// Time that no clock change touches, from an arbitrary point.
  [[nodiscard]] virtual std::chrono::nanoseconds elapsed() const = 0;

  /// Parks in `queue` until it is notified or `wait` has passed.
  virtual Awaitable<void> wait(Core& core, WaitQueue& queue, std::chrono::nanoseconds wait) = 0;
};

/// The machine's clock.
[[nodiscard]] Clock& system_clock();

}  // namespace sluice
