#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace sluice::inference {

/// Threads that do the same thing to different rows, many times a millisecond. The caller is one of
/// them. Waiting, a thread spins for some microseconds, then parks.
class ThreadPool {
 public:
  /// `num_threads` includes the caller; at least 1.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int size() const noexcept { return static_cast<int>(threads_.size()) + 1; }

  /// Calls function(t) for each t in [0, size()), each on a thread of its own, and returns when all
  /// have returned. Not from inside itself; `function` does not throw.
  template <class F>
  void run(F&& function) {
    run_on_all([](void* f, int thread) { (*static_cast<std::remove_reference_t<F>*>(f))(thread); },
               &function);
  }

 private:
  using Function = void (*)(void* argument, int thread);

  void run_on_all(Function function, void* argument);
  void work(int thread);

  Function function_ = nullptr;  // Written before round_, read behind it.
  void* argument_ = nullptr;
  alignas(64) std::atomic<std::uint32_t> round_ = 0;
  alignas(64) std::atomic<std::uint32_t> running_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Part `thread` of [0, n), cut into `num_threads` parts of about the same size at multiples of
/// `unit`.
struct Share {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
[[nodiscard]] Share share_of(std::int64_t n, std::int64_t unit, int thread,
                             int num_threads) noexcept;

}  // namespace sluice::inference
