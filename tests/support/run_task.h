#pragma once

#include "base/core_pool.h"
#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace sluice {

/// A core that the calling thread runs by hand.
struct TestCore {
  Core core{0};
  CurrentCore here{core};
};

/// Runs what is ready to run on `core`, and does not wait for what is not.
inline void drain(Core& core) {
  core.io().restart();
  while (core.io().poll() > 0) core.io().restart();
}

/// Runs the next thing on `core`, or waits for it a moment. For loops that ask, each time, whether
/// what they wait for is there: it may be another thread's doing, of which `core` does not hear.
inline void run_some(Core& core) {
  const auto work = boost::asio::make_work_guard(core.executor());
  core.io().restart();
  core.io().run_one_for(std::chrono::milliseconds(10));
}

/// Runs `core` until `done`, waiting where it waits.
template <typename Done>
void run_until(Core& core, const Done& done) {
  core.io().restart();
  while (!done()) {
    core.io().run_one_for(std::chrono::milliseconds(10));
    if (core.io().stopped() && !done()) throw std::runtime_error("the core ran out of work");
  }
}

namespace test_support {

template <typename T>
Awaitable<void> keep(Awaitable<T> work, std::optional<T>& result) {
  result.emplace(co_await std::move(work));
}

}  // namespace test_support

/// Runs `work` on `core` to its end, waiting where it waits.
inline void run_task(Core& core, Awaitable<void> work) {
  bool done = false;
  boost::asio::co_spawn(core.executor(), std::move(work), [&done](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
    done = true;
  });
  run_until(core, [&done] { return done; });
}

template <typename T>
requires(!std::is_void_v<T>) T run_task(Core& core, Awaitable<T> work) {
  std::optional<T> result;
  run_task(core, test_support::keep(std::move(work), result));
  return std::move(*result);
}

}  // namespace sluice
