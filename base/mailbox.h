#pragma once

#include "base/wait_queue.h"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace sluice {

/// Values that other threads give, one after the other, to the one coroutine that takes them. Held
/// by shared_ptr on both sides: a value may come when nobody is left, and touches a core only while
/// a coroutine waits on it. Bounded by its givers. Thread safe.
template <typename T>
class Mailbox {
 public:
  /// Any thread.
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    if (!waiter_) return;
    // Under the lock: who is still listed waits, and so its core lives.
    Core& core = waiter_->core;
    boost::asio::post(core.executor(),
                      [waiter = std::move(waiter_)] { waiter->queue.notify_all(); });
    waiter_ = nullptr;
  }

  /// The next value; nullopt where `deadline` passed first. `core` is the caller's.
  Awaitable<std::optional<T>> take(Core& core, Deadline deadline) {
    const auto waiter = std::make_shared<Waiter>(core);
    std::optional<T> value = take_or_list(waiter);
    if (value) co_return value;
    co_await waiter->queue.wait(core, deadline);
    const std::lock_guard lock(mutex_);
    waiter_ = nullptr;
    co_return pop();
  }

 private:
  struct Waiter {
    explicit Waiter(Core& its) : core(its) {}
    Core& core;
    WaitQueue queue;  // Used on that core.
  };

  std::optional<T> take_or_list(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex_);
    std::optional<T> value = pop();
    if (!value) waiter_ = waiter;
    return value;
  }

  std::optional<T> pop() {
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    return value;
  }

  std::mutex mutex_;
  std::deque<T> values_;
  std::shared_ptr<Waiter> waiter_;
};

}  // namespace sluice
