// In each test program: what the tests have left to side threads ends before the process does, or a
// leak checker would find clients half taken apart.

#include "base/side_thread.h"

#include <gtest/gtest.h>

#include <chrono>

namespace {

class SideThreadsEnd : public testing::Environment {
 public:
  void TearDown() override { sluice::wait_for_side_threads(std::chrono::seconds(5)); }
};

[[maybe_unused]] const auto* const kSideThreadsEnd =
    testing::AddGlobalTestEnvironment(new SideThreadsEnd);

}  // namespace
