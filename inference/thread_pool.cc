#include "inference/thread_pool.h"

#include <algorithm>

namespace sluice::inference {
namespace {

constexpr int kSpins = 2000;  // Some 20 us: longer than the gap between two rounds of one step.

void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/// Until `value` is no longer `old`.
std::uint32_t wait_for_change(std::atomic<std::uint32_t>& value, std::uint32_t old) noexcept {
  for (int i = 0; i < kSpins; ++i) {
    const std::uint32_t now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(int num_threads) {
  for (int i = 1; i < num_threads; ++i) threads_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run_on_all(Function function, void* argument) {
  if (threads_.empty()) return function(argument, 0);
  function_ = function;
  argument_ = argument;
  running_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  function(argument, 0);
  std::uint32_t running = running_.load(std::memory_order_acquire);
  while (running != 0) running = wait_for_change(running_, running);
}

void ThreadPool::work(int thread) {
  for (std::uint32_t round = 0;;) {
    round = wait_for_change(round_, round);
    if (stopping_.load(std::memory_order_relaxed)) return;
    function_(argument_, thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

Share share_of(std::int64_t n, std::int64_t unit, int thread, int num_threads) noexcept {
  const std::int64_t units = (n + unit - 1) / unit;
  const auto cut = [&](int t) { return std::min(n, units * t / num_threads * unit); };
  return {cut(thread), cut(thread + 1)};
}

}  // namespace sluice::inference
