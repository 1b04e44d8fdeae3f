// A group counts what it spawned, join() waits for the last, and what a coroutine throws ends the
// process with the reason.

#include "base/task_group.h"

#include "tests/support/run_task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace sluice {
namespace {

Awaitable<void> wait_for(Core& core, WaitQueue& gate) { co_await gate.wait(core, kNever); }

Awaitable<void> join_and_tell(TaskGroup& group, bool& joined) {
  co_await group.join();
  joined = true;
}

Awaitable<void> throw_boom() {
  throw std::runtime_error("boom");
  co_return;
}

TEST(TaskGroup, JoinsAtOnceWhenNothingRuns) {
  TestCore core;
  TaskGroup group(core.core);
  TaskGroup watch(core.core);
  bool joined = false;
  watch.spawn(join_and_tell(group, joined));
  drain(core.core);
  EXPECT_TRUE(joined);
}

TEST(TaskGroup, JoinsWhenTheLastHasEnded) {
  TestCore core;
  WaitQueue gate;
  TaskGroup group(core.core);
  TaskGroup watch(core.core);
  group.spawn(wait_for(core.core, gate));
  group.spawn(wait_for(core.core, gate));
  bool joined = false;
  watch.spawn(join_and_tell(group, joined));
  drain(core.core);
  EXPECT_EQ(group.size(), 2U);
  gate.notify_one();
  drain(core.core);
  EXPECT_EQ(group.size(), 1U);
  EXPECT_FALSE(joined);
  gate.notify_one();
  drain(core.core);
  EXPECT_EQ(group.size(), 0U);
  EXPECT_TRUE(joined);
}

TEST(TaskGroup, WakesEveryJoiner) {
  TestCore core;
  WaitQueue gate;
  TaskGroup group(core.core);
  TaskGroup watch(core.core);
  group.spawn(wait_for(core.core, gate));
  bool first = false;
  bool second = false;
  watch.spawn(join_and_tell(group, first));
  watch.spawn(join_and_tell(group, second));
  drain(core.core);
  gate.notify_one();
  drain(core.core);
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
}

TEST(TaskGroupDeathTest, EndsTheProcessWhenACoroutineThrows) {
  const auto run = [] {
    TestCore core;
    TaskGroup group(core.core);
    group.spawn(throw_boom());
    drain(core.core);
  };
  EXPECT_DEATH(run(), "bug: exception left a coroutine: boom");
}

TEST(TaskGroupDeathTest, EndsTheProcessWhenDestroyedWithSomethingRunning) {
  const auto run = [] {
    TestCore core;
    WaitQueue gate;
    auto group = std::make_unique<TaskGroup>(core.core);
    group->spawn(wait_for(core.core, gate));
    drain(core.core);
    group.reset();
  };
  EXPECT_DEATH(run(), "assertion failed: running_ == 0");
}

}  // namespace
}  // namespace sluice
