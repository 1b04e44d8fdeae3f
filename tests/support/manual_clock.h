#pragma once

#include "sources/clock.h"
#include "tests/support/run_task.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace sluice {

/// A clock that stands still until a test moves it. Nothing waits for real time.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time now) : now_(now) {}

  Time now() const override { return now_; }
  std::chrono::nanoseconds elapsed() const override { return elapsed_; }

  Awaitable<void> wait(Core& core, WaitQueue& queue, std::chrono::nanoseconds wait) override {
    const auto due = elapsed_ + wait;
    // Whoever is woken by a move that does not reach its time parks again.
    for (std::uint64_t move = moves_; elapsed_ < due; move = moves_) {
      queues_.push_back(&queue);
      co_await queue.wait(core, kNever);
      queues_.erase(std::ranges::find(queues_, &queue));
      if (move == moves_) co_return;
    }
  }

  /// Lets `step` pass and runs what it wakes. Steps longer than the waits of the code under test
  /// are made of several moves.
  void advance(Core& core, std::chrono::nanoseconds step) {
    now_ += std::chrono::duration_cast<Time::duration>(step);
    elapsed_ += step;
    wake(core);
  }

  /// Sets the wall clock; no time passes.
  void set(Core& core, Time now) {
    now_ = now;
    wake(core);
  }

  /// How many coroutines wait for this clock.
  [[nodiscard]] std::size_t waiting() const noexcept { return queues_.size(); }

 private:
  void wake(Core& core) {
    ++moves_;
    for (WaitQueue* queue : queues_) queue->notify_all();
    drain(core);
  }

  Time now_;
  std::chrono::nanoseconds elapsed_{0};
  std::uint64_t moves_ = 0;
  std::vector<WaitQueue*> queues_;  // One entry per waiting coroutine.
};

}  // namespace sluice
