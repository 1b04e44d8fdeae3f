#pragma once

#include "base/task.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <array>
#include <cstdint>

namespace sluice {

/// Something with a deadline: a socket operation, a waiting coroutine. While it is scheduled it
/// must not move; destroying it takes it off its wheel.
class Expiring : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Expiring() = default;
  Expiring(const Expiring&) = delete;
  Expiring& operator=(const Expiring&) = delete;

  /// Called once on the wheel's core, not earlier than the deadline; no longer scheduled then.
  virtual void expire() = 0;

 protected:
  ~Expiring() = default;

 private:
  friend class DeadlineWheel;
  Deadline due_{};
};

/// Hashed timer wheel of one core: scheduling and cancelling are a few instructions, which a
/// steady_timer per socket operation is not (about 0.7 us each). Granularity kTick: expiries
/// come up to one tick late, never early. Not thread safe.
class DeadlineWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{10};

  explicit DeadlineWheel(boost::asio::io_context& io);
  ~DeadlineWheel();

  /// Calls `item.expire()` once `due` has passed; kNever schedules nothing. Reschedules an item
  /// that is scheduled already.
  void schedule(Expiring& item, Deadline due);

  static void cancel(Expiring& item) noexcept { item.unlink(); }

  /// From now on every deadline counts as passed: what is scheduled expires at the next tick, and
  /// what will be scheduled as well. Ends all waiting at shutdown.
  void hurry();

  /// Stops the clock; nothing expires any more.
  void stop();

 private:
  using List = boost::intrusive::list<Expiring, boost::intrusive::constant_time_size<false>>;
  static constexpr std::size_t kSlots = 1024;

  [[nodiscard]] static std::int64_t tick_of(Deadline due) noexcept;
  void arm();
  void on_tick();
  static void expire_slot(List& slot, Deadline now);

  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  std::array<List, kSlots> slots_;
  std::int64_t next_tick_ = 0;  // The first tick that on_tick() has not looked at.
  bool armed_ = false;
  bool hurried_ = false;
  bool stopped_ = false;
};

}  // namespace sluice
