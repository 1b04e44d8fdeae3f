// What is checked: that an Error becomes the attempt that the delivery rules understand, and which
// attempts are worth another one, as a table (knative.md 3.2); what a sink that takes one event
// after the other makes of several.

#include "sinks/sink.h"

#include "tests/support/events.h"
#include "tests/support/recording_sink.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(FailedAttempt, HasTheStatusOfItsCode) {
  for (const Errc code :
       {Errc::invalid_argument, Errc::not_found, Errc::resource_exhausted, Errc::unavailable,
        Errc::deadline_exceeded, Errc::cancelled, Errc::internal}) {
    const Attempt attempt = failed_attempt(fail(code, "why"));
    EXPECT_EQ(attempt.status, http_status(code));
    EXPECT_EQ(attempt.detail, "why");
    EXPECT_EQ(attempt.reply, nullptr);
    EXPECT_FALSE(attempt.succeeded());
  }
}

TEST(IsRetryable, FollowsTheStatusTable) {
  for (const int status : {0, 404, 408, 409, 429, 500, 501, 502, 503, 504, 505, 599}) {
    EXPECT_TRUE(is_retryable(status)) << status;
  }
  for (const int status : {100, 102, 200, 201, 202, 300, 301, 302, 307, 308, 400,
                           401, 403, 405, 406, 410, 413, 415, 422, 431, 600}) {
    EXPECT_FALSE(is_retryable(status)) << status;
  }
}

class SendAll : public testing::Test {
 protected:
  BatchAttempt send_all() {
    std::vector<EventPtr> events = {make_event("0"), make_event("1"), make_event("2")};
    return run_task(core_.core, sink_.send_all(std::move(events), kNever));
  }

  TestCore core_;
  RecordingSink sink_{core_.core};
};

TEST_F(SendAll, SendsOneAfterTheOther) {
  const BatchAttempt batch = send_all();
  EXPECT_EQ(batch.outcome.status, 202);
  EXPECT_TRUE(batch.replies.empty());
  ASSERT_EQ(sink_.events.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sink_.events[i]->id(), std::to_string(i));
}

TEST_F(SendAll, EndsAtTheFirstThatFailsAndNamesIt) {
  sink_.answer = [](std::size_t index) {
    Attempt attempt = attempt_with(index == 1 ? 429 : 202);
    if (index == 1) attempt.detail = "no room";
    return attempt;
  };
  const BatchAttempt batch = send_all();
  EXPECT_EQ(batch.outcome.status, 429);
  EXPECT_EQ(batch.outcome.detail, "event 1: no room (taken before it: 1)");
  EXPECT_EQ(sink_.events.size(), 2U);
}

TEST_F(SendAll, CollectsTheReplies) {
  sink_.answer = [](std::size_t index) {
    Attempt attempt = attempt_with(200);
    if (index != 1) attempt.reply = make_event("r" + std::to_string(index));
    return attempt;
  };
  const BatchAttempt batch = send_all();
  EXPECT_EQ(batch.outcome.status, 200);
  ASSERT_EQ(batch.replies.size(), 2U);
  EXPECT_EQ(batch.replies[0]->id(), "r0");
  EXPECT_EQ(batch.replies[1]->id(), "r2");
}

}  // namespace
}  // namespace sluice
