#pragma once

#include "base/core_pool.h"
#include "base/task_group.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace sluice {

/// A core that the test runs by hand, on its own thread.
class TestCore {
 public:
  TestCore() : here_(core_) {}

  [[nodiscard]] Core& core() noexcept { return core_; }

  /// Runs everything that is ready, and nothing that waits.
  void drain() {
    core_.io().restart();
    core_.io().poll();
  }

  /// Runs until `done`; fails the test when nothing is left that could make it so.
  void run_until(const std::function<bool()>& done) {
    core_.io().restart();
    while (!done()) {
      if (core_.io().run_one() == 0) {
        ADD_FAILURE() << "the core ran out of work";
        return;
      }
    }
  }

  /// Runs a coroutine to its end.
  template <typename T>
  T run(Awaitable<T> work) {
    std::optional<T> result;
    TaskGroup group(core_);
    group.spawn(keep(std::move(work), result));
    run_until([&group] { return group.size() == 0; });
    return std::move(*result);
  }

 private:
  template <typename T>
  static Awaitable<void> keep(Awaitable<T> work, std::optional<T>& result) {
    result.emplace(co_await std::move(work));
  }

  Core core_{0};
  CurrentCore here_;
};

}  // namespace sluice
