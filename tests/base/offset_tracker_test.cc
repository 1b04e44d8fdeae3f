// What is checked: the position of an OffsetTracker is never past something that is not settled.

#include "base/offset_tracker.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <set>

namespace sluice {
namespace {

TEST(OffsetTracker, StaysWhereItStartsUntilSomethingIsSettled) {
  OffsetTracker tracker(7);
  EXPECT_EQ(tracker.position(), 7);
  tracker.hand_out(7);
  tracker.hand_out(8);
  EXPECT_EQ(tracker.position(), 7);
  EXPECT_EQ(tracker.next(), 9);
  EXPECT_EQ(tracker.open(), 2U);
}

TEST(OffsetTracker, PassesWhatIsSettledWithoutAGap) {
  OffsetTracker tracker(0);
  for (int i = 0; i < 4; ++i) tracker.hand_out(i);
  tracker.settle(1);
  tracker.settle(2);
  EXPECT_EQ(tracker.position(), 0);
  EXPECT_EQ(tracker.window(), 4U);
  tracker.settle(0);
  EXPECT_EQ(tracker.position(), 3);
  EXPECT_EQ(tracker.window(), 1U);
  tracker.settle(3);
  EXPECT_EQ(tracker.position(), 4);
}

TEST(OffsetTracker, CountsOffsetsThatTheLogSkipsAsSettled) {
  OffsetTracker tracker(0);
  tracker.hand_out(3);
  EXPECT_EQ(tracker.position(), 3);
  tracker.hand_out(10);
  tracker.settle(3);
  EXPECT_EQ(tracker.position(), 10);
  tracker.settle(10);
  EXPECT_EQ(tracker.position(), 11);
}

TEST(OffsetTracker, SettlesOnceAndOnlyWhatWasHandedOut) {
  OffsetTracker tracker(0);
  tracker.hand_out(0);
  tracker.hand_out(1);
  tracker.settle(1);
  tracker.settle(1);
  tracker.settle(5);
  EXPECT_EQ(tracker.open(), 1U);
  EXPECT_EQ(tracker.position(), 0);
}

RC_GTEST_PROP(OffsetTracker, HasEverythingBeforeItsPositionSettledAndNothingAtIt, ()) {
  OffsetTracker tracker(0);
  std::set<std::int64_t> open;
  std::int64_t next = 0;
  for (int step = 0; step < 200; ++step) {
    if (open.empty() || *rc::gen::arbitrary<bool>()) {
      next += *rc::gen::inRange(0, 3);
      tracker.hand_out(next);
      open.insert(next++);
    } else {
      auto chosen = open.begin();
      std::advance(chosen, *rc::gen::inRange<std::size_t>(0, open.size()));
      tracker.settle(*chosen);
      open.erase(chosen);
    }
    RC_ASSERT(tracker.open() == open.size());
    RC_ASSERT(tracker.position() == (open.empty() ? next : *open.begin()));
  }
}

}  // namespace
}  // namespace sluice
