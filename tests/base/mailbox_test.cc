// What is checked: that values arrive in order from another thread, that a taker who waits is
// woken, and that one whose deadline passed first loses nothing. Method: a core run by hand, and
// threads.

#include "base/mailbox.h"

#include "tests/support/run_task.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class MailboxTest : public testing::Test {
 protected:
  std::optional<int> take(Deadline deadline = kNever) {
    return run_task(core_, box_->take(core_, deadline));
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  std::shared_ptr<Mailbox<int>> box_ = std::make_shared<Mailbox<int>>();
};

TEST_F(MailboxTest, GivesWhatCameInItsOrder) {
  box_->put(1);
  box_->put(2);
  EXPECT_EQ(take(), 1);
  EXPECT_EQ(take(), 2);
}

TEST_F(MailboxTest, WakesWhoWaits) {
  std::thread giver([box = box_] {
    for (int i = 0; i < 1000; ++i) box->put(i);
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(take(), i);
  giver.join();
}

TEST_F(MailboxTest, ADeadlineTakesNothing) {
  EXPECT_EQ(take(steady_clock::now() + milliseconds(1)), std::nullopt);
  box_->put(7);  // Nobody waits: no core is touched.
  EXPECT_EQ(take(), 7);
}

}  // namespace
}  // namespace sluice
