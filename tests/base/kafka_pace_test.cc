// What is checked: which records go out together, and when the next may.

#include "base/kafka_pace.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class KafkaPaceTest : public testing::Test {
 protected:
  static constexpr KafkaPace::Bounds kBounds{microseconds(2'000), 1'000, 5};
  KafkaPace pace_{kBounds};
  const KafkaPace::Time start_ = KafkaPace::Time{} + std::chrono::hours(1);
};

TEST_F(KafkaPaceTest, WhatComesWithinTheLingerGoesOutTogether) {
  const auto first = pace_.take(start_, 10);
  ASSERT_TRUE(first);
  EXPECT_EQ(pace_.take(start_ + microseconds(1'999), 10), first);
  EXPECT_FALSE(pace_.take(start_ + microseconds(2'000), 10));
}

TEST_F(KafkaPaceTest, TheNextRoundBeginsWhenAllIsAcknowledged) {
  const auto first = pace_.take(start_, 10);
  ASSERT_EQ(pace_.take(start_, 10), first);
  EXPECT_FALSE(pace_.done(*first));
  EXPECT_FALSE(pace_.take(start_ + milliseconds(50), 10));
  EXPECT_TRUE(pace_.done(*first));
  const auto second = pace_.take(start_ + milliseconds(50), 10);
  ASSERT_TRUE(second);
  EXPECT_NE(second, first);
}

TEST_F(KafkaPaceTest, ARoundIsNoLargerThanARequest) {
  ASSERT_TRUE(pace_.take(start_, 600));
  EXPECT_FALSE(pace_.take(start_, 500));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(pace_.take(start_, 100));
  EXPECT_FALSE(pace_.take(start_, 0));
}

TEST_F(KafkaPaceTest, OneThatIsLargerGoesAlone) {
  const auto large = pace_.take(start_, 5'000);
  ASSERT_TRUE(large);
  EXPECT_FALSE(pace_.take(start_, 1));
  EXPECT_TRUE(pace_.done(*large));
}

TEST_F(KafkaPaceTest, WhatIsNeverAcknowledgedHoldsOthersForAWhileOnly) {
  const auto stuck = pace_.take(start_, 10);
  ASSERT_TRUE(stuck);
  EXPECT_FALSE(pace_.take(pace_.ends() - microseconds(1), 10));
  const auto next = pace_.take(pace_.ends(), 10);
  ASSERT_TRUE(next);
  EXPECT_FALSE(pace_.done(*stuck));  // Of a round that is over.
  EXPECT_TRUE(pace_.done(*next));
}

TEST_F(KafkaPaceTest, ARoundLastsAMillisecondWithoutLinger) {
  KafkaPace hasty(KafkaPace::Bounds{microseconds(0), 1'000, 5});
  ASSERT_TRUE(hasty.take(start_, 1));
  EXPECT_TRUE(hasty.take(start_ + microseconds(999), 1));
}

}  // namespace
}  // namespace sluice
