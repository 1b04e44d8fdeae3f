// Expiries come after their deadline, once, and not for what was cancelled or destroyed. The wheel
// runs on the real clock, so deadlines are a few ticks away and the test waits for the expiry
// itself.

#include "base/deadline_wheel.h"

#include "tests/support/run_task.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class Alarm final : public Expiring {
 public:
  explicit Alarm(std::function<void()> then = {}) : then_(std::move(then)) {}
  void expire() override {
    ++expired;
    at = Clock::now();
    if (then_) then_();
  }
  int expired = 0;
  Deadline at{};

 private:
  std::function<void()> then_;
};

TEST(DeadlineWheel, ExpiresOnceAndNeverEarly) {
  TestCore core;
  Alarm alarm;
  Alarm last;
  const Deadline due = Clock::now() + milliseconds(25);
  core.core.deadlines().schedule(alarm, due);
  core.core.deadlines().schedule(last, due + milliseconds(40));
  run_until(core.core, [&last] { return last.expired > 0; });
  EXPECT_EQ(alarm.expired, 1);
  EXPECT_GE(alarm.at, due);
  EXPECT_LT(alarm.at, last.at);
}

TEST(DeadlineWheel, ExpiresWhatIsOverdueAtTheNextTick) {
  TestCore core;
  Alarm alarm;
  core.core.deadlines().schedule(alarm, Clock::now() - milliseconds(500));
  EXPECT_EQ(alarm.expired, 0) << "not from inside schedule()";
  run_until(core.core, [&alarm] { return alarm.expired > 0; });
}

TEST(DeadlineWheel, LeavesALaterTurnOfTheWheelAlone) {
  TestCore core;
  Alarm soon;
  Alarm next_turn;  // The same slot as `soon`, 1024 ticks later.
  const Deadline due = Clock::now() + milliseconds(30);
  core.core.deadlines().schedule(soon, due);
  core.core.deadlines().schedule(next_turn, due + DeadlineWheel::kTick * 1024);
  run_until(core.core, [&soon] { return soon.expired > 0; });
  EXPECT_EQ(next_turn.expired, 0);
}

TEST(DeadlineWheel, ForgetsWhatIsCancelledOrDestroyed) {
  TestCore core;
  Alarm cancelled;
  Alarm last;
  const Deadline due = Clock::now() + milliseconds(10);
  {
    Alarm destroyed([] { ADD_FAILURE() << "expired after its end"; });
    core.core.deadlines().schedule(destroyed, due);
  }
  core.core.deadlines().schedule(cancelled, due);
  DeadlineWheel::cancel(cancelled);
  DeadlineWheel::cancel(cancelled);  // Idempotent.
  core.core.deadlines().schedule(last, due + milliseconds(20));
  run_until(core.core, [&last] { return last.expired > 0; });
  EXPECT_EQ(cancelled.expired, 0);
}

TEST(DeadlineWheel, MovesWhatIsScheduledAgain) {
  TestCore core;
  Alarm alarm;
  const Deadline due = Clock::now() + milliseconds(60);
  core.core.deadlines().schedule(alarm, due - milliseconds(50));
  core.core.deadlines().schedule(alarm, due);
  run_until(core.core, [&alarm] { return alarm.expired > 0; });
  EXPECT_GE(alarm.at, due);
  EXPECT_EQ(alarm.expired, 1);
}

TEST(DeadlineWheel, SchedulesNothingForNever) {
  TestCore core;
  Alarm alarm;
  core.core.deadlines().schedule(alarm, kNever);
  EXPECT_FALSE(alarm.is_linked());
}

TEST(DeadlineWheel, TakesWhatAnExpirySchedules) {
  TestCore core;
  DeadlineWheel& wheel = core.core.deadlines();
  Alarm second;
  // Due already, so it falls into the very tick that is being worked on.
  Alarm first([&] { wheel.schedule(second, Clock::now() - milliseconds(1)); });
  const Deadline begin = Clock::now();
  wheel.schedule(first, begin + milliseconds(10));
  run_until(core.core, [&second] { return second.expired > 0; });
  EXPECT_LT(second.at - begin, DeadlineWheel::kTick * 512) << "lost for a turn of the wheel";
}

TEST(DeadlineWheel, LetsAnExpiryDestroyAnother) {
  TestCore core;
  DeadlineWheel& wheel = core.core.deadlines();
  const Deadline due = Clock::now() + milliseconds(10);
  auto doomed = std::make_unique<Alarm>([] { ADD_FAILURE() << "expired after its end"; });
  Alarm killer([&doomed] { doomed.reset(); });
  wheel.schedule(killer, due);
  wheel.schedule(*doomed, due);
  run_until(core.core, [&killer] { return killer.expired > 0; });
  EXPECT_EQ(doomed, nullptr);
}

TEST(DeadlineWheel, ExpiresNothingAfterStop) {
  TestCore core;
  Alarm alarm;
  core.core.deadlines().schedule(alarm, Clock::now());
  core.core.deadlines().stop();
  core.core.io().restart();
  core.core.io().run();  // Returns: nothing is left to wait for.
  EXPECT_EQ(alarm.expired, 0);
  core.core.deadlines().schedule(alarm, Clock::now());
  EXPECT_FALSE(alarm.is_linked());
}

}  // namespace
}  // namespace sluice
