// What is checked: what a dispatcher does with an event: attempts, retries, replies, dead letters,
// order, bounds, and what it counts. Method: a real memory channel and recording sinks on a core
// run by hand; retries wait milliseconds, and the test runs the core until what it expects has
// happened.

#include "base/encoding.h"
#include "tests/broker/dispatcher_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST_F(DispatcherTest, DeliversAndSettles) {
  start();
  append(make_event("1"));
  run_until_settled();
  ASSERT_EQ(subscriber_->events.size(), 1U);
  EXPECT_EQ(subscriber_->events[0]->id(), "1");
  EXPECT_EQ(counters().delivered, 1U);
  EXPECT_EQ(counters().retried, 0U);
}

TEST_F(DispatcherTest, RetriesUntilTheSubscriberTakesIt) {
  spec_.delivery.retry = 3;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index < 3 ? 503 : 202); };
  start();
  append(make_event("1"));
  run_until_settled();
  EXPECT_EQ(subscriber_->events.size(), 4U);
  EXPECT_EQ(counters().retried, 3U);
  EXPECT_EQ(counters().delivered, 1U);
  EXPECT_EQ(counters().dropped, 0U);
}

TEST_F(DispatcherTest, RetriesAtOnceWithoutABackoffDelay) {
  spec_.delivery.retry = 2;
  spec_.delivery.backoff_delay = milliseconds(0);
  subscriber_->answer = [](std::size_t index) { return attempt_with(index < 2 ? 500 : 200); };
  start();
  append(make_event("1"));
  EXPECT_EQ(channel_->depth(), 0U);
  EXPECT_EQ(counters().retried, 2U);
}

TEST_F(DispatcherTest, DropsAndCountsWhenRetriesEndAndThereIsNoDeadLetterSink) {
  spec_.delivery.retry = 2;
  subscriber_->answer = [](std::size_t) { return attempt_with(500); };
  start();
  append(make_event("1"));
  run_until_settled();
  EXPECT_EQ(subscriber_->events.size(), 3U);
  EXPECT_EQ(counters().dropped, 1U);
  EXPECT_EQ(counters().delivered, 0U);
}

TEST_F(DispatcherTest, DoesNotRetryWhatCannotHelp) {
  spec_.delivery.retry = 5;
  for (const int status : {400, 422, 301, 410}) {
    subscriber_->answer = [status](std::size_t) { return attempt_with(status); };
    if (!dispatcher_) start();
    append(make_event(std::to_string(status)));
    run_until_settled();
  }
  EXPECT_EQ(subscriber_->events.size(), 4U);
  EXPECT_EQ(counters().dropped, 4U);
  EXPECT_EQ(counters().retried, 0U);
}

TEST_F(DispatcherTest, DeadLettersTheOriginalWithTheThreeAttributes) {
  spec_.delivery.retry = 1;
  dead_letter_ = make_recorder(core_, "http://127.0.0.1/dead");
  const std::string body(1000, 'b');
  subscriber_->answer = [&](std::size_t) { return failed_with(422, body.substr(0, 768)); };
  start();
  append(make_event("1", {{"tenant", "a"}}, "payload"));
  run_until_settled();
  ASSERT_EQ(dead_letter_->events.size(), 1U);
  const EventPtr& dead = dead_letter_->events[0];
  EXPECT_EQ(attribute_of(dead, "id"), "1");
  EXPECT_EQ(attribute_of(dead, "tenant"), "a");
  EXPECT_EQ(dead->data(), "payload");
  EXPECT_EQ(attribute_of(dead, "knativeerrordest"), "http://127.0.0.1/subscriber");
  EXPECT_EQ(attribute_of(dead, "knativeerrorcode"), "422");
  EXPECT_EQ(attribute_of(dead, "knativeerrordata"), base64_encode(body.substr(0, 768)));
  EXPECT_EQ(counters().dead_lettered, 1U);
  EXPECT_EQ(counters().dropped, 0U);
}

TEST_F(DispatcherTest, DeadLettersWith500AndTheErrorTextWhenThereWasNoResponse) {
  dead_letter_ = make_recorder(core_, "http://127.0.0.1/dead");
  subscriber_->answer = [](std::size_t) {
    Attempt attempt;
    attempt.detail = "connection refused";
    return attempt;
  };
  start();
  append(make_event("1"));
  run_until_settled();
  ASSERT_EQ(dead_letter_->events.size(), 1U);
  EXPECT_EQ(attribute_of(dead_letter_->events[0], "knativeerrorcode"), "500");
  EXPECT_EQ(attribute_of(dead_letter_->events[0], "knativeerrordata"),
            base64_encode("connection refused"));
}

TEST_F(DispatcherTest, LeavesErrorDataOutForAnEmptyBody) {
  dead_letter_ = make_recorder(core_, "http://127.0.0.1/dead");
  subscriber_->answer = [](std::size_t) { return attempt_with(422); };
  start();
  append(make_event("1", {{"knativeerrordata", "old"}}));
  run_until_settled();
  ASSERT_EQ(dead_letter_->events.size(), 1U);
  EXPECT_EQ(attribute_of(dead_letter_->events[0], "knativeerrordata"), "(absent)");
}

TEST_F(DispatcherTest, RetriesTheDeadLetterSinkUnderTheSamePolicyThenDrops) {
  spec_.delivery.retry = 2;
  dead_letter_ = make_recorder(core_, "http://127.0.0.1/dead");
  subscriber_->answer = [](std::size_t) { return attempt_with(500); };
  dead_letter_->answer = [](std::size_t) { return attempt_with(503); };
  start();
  append(make_event("1"));
  run_until_settled();
  EXPECT_EQ(subscriber_->events.size(), 3U);
  EXPECT_EQ(dead_letter_->events.size(), 3U);
  EXPECT_EQ(counters().retried, 4U);
  EXPECT_EQ(counters().dropped, 1U);
  EXPECT_EQ(counters().dead_lettered, 0U);
}

TEST_F(DispatcherTest, PassesTheReplyOnWithTheHopCountOfItsCause) {
  reply_ = make_recorder(core_, "http://127.0.0.1/default/orders");
  subscriber_->answer = [](std::size_t) {
    Attempt attempt = attempt_with(200);
    attempt.reply = make_event("reply", {{"knativebrokerttl", "9999"}});
    return attempt;
  };
  start();
  append(make_event("1", {{"knativebrokerttl", "7"}}));
  run_until_settled();
  ASSERT_EQ(reply_->events.size(), 1U);
  EXPECT_EQ(reply_->events[0]->id(), "reply");
  EXPECT_EQ(attribute_of(reply_->events[0], "knativebrokerttl"), "7");
  EXPECT_EQ(counters().delivered, 1U);
}

TEST_F(DispatcherTest, TakesAwayAHopCountThatTheCauseDidNotHave) {
  reply_ = make_recorder(core_, "http://127.0.0.1/default/orders");
  subscriber_->answer = [](std::size_t) {
    Attempt attempt = attempt_with(200);
    attempt.reply = make_event("reply", {{"knativebrokerttl", "9999"}});
    return attempt;
  };
  start();
  append(make_event("1"));
  run_until_settled();
  ASSERT_EQ(reply_->events.size(), 1U);
  EXPECT_EQ(attribute_of(reply_->events[0], "knativebrokerttl"), "(absent)");
}

TEST_F(DispatcherTest, DeadLettersTheOriginalWhenTheReplyCannotBeDelivered) {
  spec_.delivery.retry = 1;
  reply_ = make_recorder(core_, "http://127.0.0.1/reply");
  dead_letter_ = make_recorder(core_, "http://127.0.0.1/dead");
  subscriber_->answer = [](std::size_t) {
    Attempt attempt = attempt_with(200);
    attempt.reply = make_event("reply");
    return attempt;
  };
  reply_->answer = [](std::size_t) { return failed_with(500, "no"); };
  start();
  append(make_event("1"));
  run_until_settled();
  EXPECT_EQ(subscriber_->events.size(), 1U) << "the subscriber is not asked again";
  EXPECT_EQ(reply_->events.size(), 2U);
  ASSERT_EQ(dead_letter_->events.size(), 1U);
  EXPECT_EQ(dead_letter_->events[0]->id(), "1");
  EXPECT_EQ(attribute_of(dead_letter_->events[0], "knativeerrordest"), "http://127.0.0.1/reply");
  EXPECT_EQ(attribute_of(dead_letter_->events[0], "knativeerrorcode"), "500");
}

TEST_F(DispatcherTest, DropsTheReplyWhenThereIsNoReplyTarget) {
  subscriber_->answer = [](std::size_t) {
    Attempt attempt = attempt_with(200);
    attempt.reply = make_event("reply");
    return attempt;
  };
  start();
  append(make_event("1"));
  run_until_settled();
  EXPECT_EQ(counters().delivered, 1U);
}

TEST_F(DispatcherTest, KeepsAtMostMaxInFlightAttemptsOpen) {
  spec_.max_in_flight = 3;
  subscriber_->held = true;
  start();
  for (int i = 0; i < 10; ++i) append(make_event(std::to_string(i)));
  EXPECT_EQ(subscriber_->events.size(), 3U);
  subscriber_->release();
  run_until_settled();
  EXPECT_EQ(subscriber_->events.size(), 10U);
}

TEST_F(DispatcherTest, AWaitingRetryHoldsNoInFlightSlot) {
  spec_.max_in_flight = 1;
  spec_.delivery.retry = 1;
  spec_.delivery.backoff_delay = std::chrono::minutes(5);
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  start();
  append(make_event("1"));
  append(make_event("2"));
  run_until([this] { return counters().delivered == 1; });
  ASSERT_EQ(subscriber_->events.size(), 2U);
  EXPECT_EQ(subscriber_->events[1]->id(), "2");
  EXPECT_EQ(channel_->depth(), 1U);
}

TEST_F(DispatcherTest, ReadsNoFurtherWhenSixteenTimesMaxInFlightWaitForRetries) {
  spec_.max_in_flight = 2;
  spec_.delivery.retry = 1;
  spec_.delivery.backoff_delay = std::chrono::minutes(5);
  subscriber_->answer = [](std::size_t) { return attempt_with(503); };
  start();
  for (int i = 0; i < 100; ++i) append(make_event(std::to_string(i)));
  EXPECT_GE(subscriber_->events.size(), 30U);
  EXPECT_LE(subscriber_->events.size(), 32U);
}

TEST_F(DispatcherTest, ABacklogForASinkThatNeverSuspendsLeavesTheCoreItsTurn) {
  spec_.max_in_flight = 1;
  std::uint64_t settled_before_others = 0;
  subscriber_->answer = [&](std::size_t index) {
    if (index == 0) {
      boost::asio::post(core_.executor(), [&] { settled_before_others = counters().delivered; });
    }
    return attempt_with(202);
  };
  start();
  const auto fill = [](Channel& channel) -> Awaitable<void> {
    for (int i = 0; i < 1000; ++i) {
      const auto appended = co_await channel.append(make_event(std::to_string(i)), kNever);
      EXPECT_TRUE(appended);
    }
  };
  run_task(core_, fill(*channel_));
  run_until_settled();
  EXPECT_GT(settled_before_others, 0U);
  EXPECT_LT(settled_before_others, 100U);
}

TEST_F(DispatcherTest, ADueRetryHasItsTurnBeforeABacklog) {
  spec_.max_in_flight = 1;
  spec_.delivery.retry = 1;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  start();
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(run_task(core_, channel_->append(make_event(std::to_string(i)), kNever)));
  }
  // Keeps a backlog until the retry has come through.
  int more = 200;
  run_until([&] {
    const auto& seen = subscriber_->events;
    const bool retried = seen.size() > 1 && std::ranges::count_if(seen, [](const EventPtr& e) {
                                              return e->id() == "0";
                                            }) > 1;
    if (!retried && channel_->depth() < 10) {
      boost::asio::post(core_.executor(), [] {});
      (void)run_task(core_, channel_->append(make_event(std::to_string(more++)), kNever));
    }
    return retried;
  });
  run_until_settled();
  EXPECT_EQ(counters().retried, 1U);
}

TEST_F(DispatcherTest, CountsAnIgnoredReplyBody) {
  subscriber_->answer = [](std::size_t) {
    Attempt attempt = attempt_with(200);
    attempt.ignored_body = true;
    return attempt;
  };
  start();
  append(make_event("1"));
  append(make_event("2"));
  run_until_settled();
  EXPECT_EQ(counters().ignored_replies, 2U);
  EXPECT_EQ(counters().delivered, 2U);
}

TEST_F(DispatcherTest, IsIdleWhenAllThatIsLeftWaitsForALaterRetry) {
  spec_.delivery.retry = 1;
  spec_.delivery.backoff_delay = std::chrono::minutes(5);
  subscriber_->answer = [](std::size_t) { return attempt_with(503); };
  start();
  EXPECT_TRUE(dispatcher_->is_idle_until(std::chrono::steady_clock::now()));
  append(make_event("1"));
  const auto now = std::chrono::steady_clock::now();
  EXPECT_TRUE(dispatcher_->is_idle_until(now + std::chrono::minutes(1)));
  EXPECT_FALSE(dispatcher_->is_idle_until(now + std::chrono::minutes(10)));
}

TEST_F(DispatcherTest, StopLeavesWhatIsNotSettledInTheChannel) {
  subscriber_->held = true;
  start();
  append(make_event("1"));
  EXPECT_EQ(channel_->depth(), 1U);
  EXPECT_FALSE(dispatcher_->is_idle_until(kNever));
  stop();
  EXPECT_EQ(subscriber_->events.size(), 1U);
}

}  // namespace
}  // namespace sluice
