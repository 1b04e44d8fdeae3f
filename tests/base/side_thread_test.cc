// Side threads end before the process does, where they can.

#include "base/side_thread.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>

namespace sluice {
namespace {

TEST(SideThreads, AreWaitedForUntilWhatTheyHeldIsGone) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = held;
  std::promise<void> go;
  ASSERT_TRUE(run_aside([held = std::move(held), may = go.get_future().share()] { may.wait(); }));
  EXPECT_FALSE(wait_for_side_threads(std::chrono::milliseconds(1))) << "one is still at work";
  go.set_value();
  EXPECT_TRUE(wait_for_side_threads(std::chrono::minutes(1)));
  EXPECT_TRUE(seen.expired());
  EXPECT_TRUE(wait_for_side_threads(std::chrono::milliseconds(0))) << "there are none left";
}

}  // namespace
}  // namespace sluice
