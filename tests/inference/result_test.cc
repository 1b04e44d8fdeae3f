// What is checked: that a Result which is read on its wrong side says what it holds.

#include "inference/result.h"

#include <gtest/gtest.h>

namespace sluice::inference {
namespace {

TEST(ResultDeathTest, SaysWhatItHoldsWhereItsWrongSideIsRead) {
  const Result<int> error = fail(Errc::unavailable, "the device is gone");
  EXPECT_DEATH(static_cast<void>(error.value()), "wrong side.*the device is gone");
  const Result<void> nothing = fail(Errc::internal, "no step");
  EXPECT_DEATH(nothing.value(), "wrong side.*no step");
  const Result<int> value = 7;
  EXPECT_DEATH(static_cast<void>(value.error()), "wrong side.*it has a value");
}

}  // namespace
}  // namespace sluice::inference
