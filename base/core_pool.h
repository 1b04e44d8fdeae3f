#pragma once

#include "base/deadline_wheel.h"
#include "base/task.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace sluice {

/// One core: an io_context run by one thread, and what the code on that thread shares. A
/// connection and a trigger's dispatcher live on one core for their whole life, so nothing here
/// is locked.
class Core {
 public:
  explicit Core(std::size_t index);

  /// The core whose thread is running; null on a thread that is none of the pool's.
  [[nodiscard]] static Core* current() noexcept;

  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
  [[nodiscard]] Executor executor() noexcept { return io_.get_executor(); }
  [[nodiscard]] DeadlineWheel& deadlines() noexcept { return deadlines_; }

  /// Bytes that any coroutine of this core may use between two suspensions: sockets are read
  /// into it, so an idle connection owns no buffer. The last 64 bytes are never filled:
  /// simdjson reads past the end of its input.
  [[nodiscard]] std::span<char> scratch() noexcept { return {scratch_->data(), kScratchBytes}; }

  /// A fast random number (xoshiro-style, not for secrets).
  [[nodiscard]] std::uint64_t random() noexcept;

  static constexpr std::size_t kScratchBytes = 64 * 1024;
  static constexpr std::size_t kScratchPadding = 64;

 private:
  friend class CorePool;
  friend class CurrentCore;
  std::size_t index_;
  boost::asio::io_context io_;
  DeadlineWheel deadlines_;
  std::unique_ptr<std::array<char, kScratchBytes + kScratchPadding>> scratch_;
  std::uint64_t random_state_;
};

/// Declares the calling thread to be `core`'s for the lifetime of this object: the pool's threads,
/// and tests that run a core by hand.
class CurrentCore {
 public:
  explicit CurrentCore(Core& core) noexcept;
  ~CurrentCore();
  CurrentCore(const CurrentCore&) = delete;
  CurrentCore& operator=(const CurrentCore&) = delete;

 private:
  Core* previous_;
};

/// N cores, one thread each. Lifecycle: construct -> use -> stop() -> destroy; stop() only when no
/// coroutine is left on any core.
class CorePool {
 public:
  explicit CorePool(std::size_t cores);

  /// How many cores this process may use.
  [[nodiscard]] static std::size_t available() noexcept;

  ~CorePool();

  [[nodiscard]] std::size_t size() const noexcept { return cores_.size(); }
  [[nodiscard]] Core& core(std::size_t index) noexcept { return *cores_[index % cores_.size()]; }

  /// The core that `name` is pinned to: the same for the same name and pool size.
  [[nodiscard]] Core& core_for(std::string_view name) noexcept;

  /// Lets the threads end and joins them. Idempotent.
  void stop();

 private:
  using WorkGuard = boost::asio::executor_work_guard<Executor>;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<WorkGuard> work_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
