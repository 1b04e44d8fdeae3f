#pragma once

#include "base/core_pool.h"
#include "base/wait_queue.h"

#include <boost/asio/co_spawn.hpp>

#include <cstddef>
#include <exception>

namespace sluice {

/// The coroutines that one owner has started on one core: spawned here, counted here, waited for
/// here. The only place that starts coroutines, and the only one that catches what they throw: an
/// exception that reaches it is a bug and ends the process. Not thread safe: used on its core.
class TaskGroup {
 public:
  explicit TaskGroup(Core& core) : core_(core) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  /// Starts `work` on the group's core, after the caller has suspended.
  void spawn(Awaitable<void> work);

  [[nodiscard]] std::size_t size() const noexcept { return running_; }
  [[nodiscard]] Core& core() const noexcept { return core_; }

  /// Completes when every coroutine has ended. Whoever stops the group makes them end first.
  Awaitable<void> join();

 private:
  Core& core_;
  std::size_t running_ = 0;
  WaitQueue joined_;
};

}  // namespace sluice
