#pragma once

#include "base/wait_queue.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace sluice {

/// A value that one thread gives once to the coroutines that wait for it, on whatever cores they
/// are. Held by shared_ptr on both sides, so the giver may come when nobody is left: it touches
/// only cores on which a coroutine waits. Thread safe.
template <typename T>
class Handover {
 public:
  /// The value; nullopt where `deadline` passed first. `core` is the caller's.
  Awaitable<std::optional<T>> wait(Core& core, Deadline deadline) {
    const auto waiter = std::make_shared<Waiter>(core);
    if (!add(waiter)) co_return value_;
    co_await waiter->queue.wait(core, deadline);
    const std::lock_guard lock(mutex_);
    std::erase(waiters_, waiter);
    co_return value_;
  }

  /// To be called once.
  void give(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    // Under the lock: whoever is still listed waits, and so its core lives.
    for (auto& waiter : waiters_) {
      Core& core = waiter->core;
      boost::asio::post(core.executor(),
                        [waiter = std::move(waiter)] { waiter->queue.notify_all(); });
    }
    waiters_.clear();
  }

 private:
  struct Waiter {
    explicit Waiter(Core& its) : core(its) {}
    Core& core;
    WaitQueue queue;  // Used on that core.
  };

  /// False when the value is there already.
  bool add(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex_);
    if (!value_) waiters_.push_back(waiter);
    return !value_;
  }

  std::mutex mutex_;
  std::optional<T> value_;  // Never changes once it is there.
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace sluice
