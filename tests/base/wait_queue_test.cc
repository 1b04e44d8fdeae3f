// Who is woken, in which order, with what answer, and that a wake-up never runs inside
// notify_one().

#include "base/wait_queue.h"

#include "base/task_group.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using Clock = std::chrono::steady_clock;

class WaitQueueTest : public testing::Test {
 protected:
  void wait(const std::string& name, Deadline deadline = kNever) {
    group_.spawn(wait_in(*this, name, deadline));
    drain(core_.core);
  }

  static Awaitable<void> wait_in(WaitQueueTest& test, std::string name, Deadline deadline) {
    const bool notified = co_await test.queue_.wait(test.core_.core, deadline);
    test.woken_.push_back(name + (notified ? " notified" : " expired"));
  }

  TestCore core_;
  WaitQueue queue_;
  TaskGroup group_{core_.core};
  std::vector<std::string> woken_;
};

TEST_F(WaitQueueTest, NotifiesNobodyWhenNobodyWaits) {
  EXPECT_TRUE(queue_.empty());
  EXPECT_FALSE(queue_.notify_one());
}

TEST_F(WaitQueueTest, WakesTheLastToComeFirst) {
  wait("a");
  wait("b");
  EXPECT_TRUE(queue_.notify_one());
  drain(core_.core);
  EXPECT_THAT(woken_, ElementsAre("b notified"));
  EXPECT_FALSE(queue_.empty());
  EXPECT_TRUE(queue_.notify_one());
  drain(core_.core);
  EXPECT_THAT(woken_, ElementsAre("b notified", "a notified"));
}

TEST_F(WaitQueueTest, WakesNobodyInsideTheCall) {
  wait("a");
  EXPECT_TRUE(queue_.notify_one());
  EXPECT_THAT(woken_, ElementsAre());
  EXPECT_TRUE(queue_.empty()) << "a second call must find somebody else";
  drain(core_.core);
  EXPECT_THAT(woken_, ElementsAre("a notified"));
}

TEST_F(WaitQueueTest, WakesAll) {
  wait("a");
  wait("b");
  wait("c");
  queue_.notify_all();
  drain(core_.core);
  EXPECT_EQ(woken_.size(), 3U);
  EXPECT_TRUE(queue_.empty());
}

TEST_F(WaitQueueTest, GivesUpAtTheDeadline) {
  const Deadline due = Clock::now() + milliseconds(15);
  wait("a", due);
  wait("b");
  run_until(core_.core, [this] { return !woken_.empty(); });
  EXPECT_GE(Clock::now(), due);
  EXPECT_THAT(woken_, ElementsAre("a expired"));
  queue_.notify_all();
  drain(core_.core);
  EXPECT_THAT(woken_, ElementsAre("a expired", "b notified"));
}

TEST_F(WaitQueueTest, ForgetsTheDeadlineOfWhoWasNotified) {
  wait("a", Clock::now() + milliseconds(10));
  queue_.notify_all();
  wait("b", Clock::now() + milliseconds(40));
  run_until(core_.core, [this] { return woken_.size() == 2; });
  EXPECT_THAT(woken_, ElementsAre("a notified", "b expired"));
}

}  // namespace
}  // namespace sluice
