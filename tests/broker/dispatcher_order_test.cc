// What is checked: order per partition key, and what a drain still delivers. Method: as in
// dispatcher_test.cc.

#include "tests/broker/dispatcher_fixture.h"

namespace sluice {
namespace {

TEST_F(DispatcherTest, DrainingReadsOnPastRetriesThatAreDueTooLate) {
  spec_.max_in_flight = 2;
  spec_.delivery.retry = 1;
  spec_.delivery.backoff_delay = std::chrono::minutes(5);
  subscriber_->answer = [](std::size_t index) { return attempt_with(index < 50 ? 503 : 202); };
  start();
  for (int i = 0; i < 100; ++i) append(make_event(std::to_string(i)));
  dispatcher_->drain_until(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  run_until([this] { return channel_->depth() == 50; });
  EXPECT_EQ(counters().delivered, 50U);
}

TEST_F(DispatcherTest, DrainingReadsOnPastWhatWaitsBehindARetryThatIsDueTooLate) {
  spec_.max_in_flight = 2;
  spec_.ordered = true;
  spec_.delivery.retry = 1;
  spec_.delivery.backoff_delay = std::chrono::minutes(5);
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  start();
  // More of one key than may be held, behind its failed first; then events of another key.
  for (int i = 0; i < 3000; ++i) append(make_event("a", {{"partitionkey", "a"}}));
  for (int i = 0; i < 50; ++i) append(make_event("b", {{"partitionkey", "b"}}));
  EXPECT_EQ(counters().delivered, 0U);
  dispatcher_->drain_until(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  run_until([this] { return channel_->depth() == 3000; });
  EXPECT_EQ(counters().delivered, 50U);
}

TEST_F(DispatcherTest, AnOrderedDrainUsesEverySlot) {
  spec_.max_in_flight = 4;
  spec_.ordered = true;
  spec_.delivery.retry = 1;
  spec_.delivery.backoff_delay = std::chrono::minutes(5);
  subscriber_->held = true;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  start();
  // One key fills the bound of what may wait behind it; then come others.
  for (int i = 0; i < 5000; ++i) append(make_event("a", {{"partitionkey", "a"}}));
  for (int i = 0; i < 20; ++i) {
    append(make_event("b", {{"partitionkey", "b" + std::to_string(i)}}));
  }
  ASSERT_EQ(subscriber_->events.size(), 1U);
  dispatcher_->drain_until(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  subscriber_->release_one();  // Fails, and its key is given up.
  run_until([this] { return subscriber_->events.size() == 5; });
  EXPECT_EQ(counters().delivered, 0U) << "four are open at a time";
}

TEST_F(DispatcherTest, AKeyThatIsSlowKeepsNoOtherKeyOut) {
  spec_.max_in_flight = 2;
  spec_.ordered = true;
  subscriber_->held = true;
  start();
  for (int i = 0; i < 1000; ++i) append(make_event("a", {{"partitionkey", "a"}}));
  append(make_event("b", {{"partitionkey", "b"}}));
  ASSERT_EQ(subscriber_->events.size(), 2U);
  EXPECT_EQ(subscriber_->events[1]->id(), "b");
}

TEST_F(DispatcherTest, OrderedDeliversOneKeyInOrderThroughRetries) {
  spec_.ordered = true;
  spec_.delivery.retry = 2;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index < 2 ? 500 : 202); };
  start();
  for (const char* id : {"1", "2", "3"}) append(make_event(id, {{"partitionkey", "k"}}));
  run_until_settled();
  std::vector<std::string> order;
  for (const EventPtr& event : subscriber_->events) order.emplace_back(event->id());
  EXPECT_EQ(order, (std::vector<std::string>{"1", "1", "1", "2", "3"}));
}

TEST_F(DispatcherTest, OrderedKeepsTheOrderOfABurst) {
  spec_.ordered = true;
  start();
  std::vector<std::string> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i));
    // Not drained in between: all of them are there before the dispatcher wakes.
    ASSERT_TRUE(run_task(core_, channel_->append(make_event(sent.back()), kNever)));
  }
  run_until_settled();
  std::vector<std::string> order;
  for (const EventPtr& event : subscriber_->events) order.emplace_back(event->id());
  EXPECT_EQ(order, sent);
}

TEST_F(DispatcherTest, OrderedRunsDifferentKeysInParallel) {
  spec_.ordered = true;
  subscriber_->held = true;
  start();
  append(make_event("a1", {{"partitionkey", "a"}}));
  append(make_event("a2", {{"partitionkey", "a"}}));
  append(make_event("b1", {{"partitionkey", "b"}}));
  append(make_event("n1"));
  append(make_event("n2"));
  std::vector<std::string> open;
  for (const EventPtr& event : subscriber_->events) open.emplace_back(event->id());
  EXPECT_EQ(open, (std::vector<std::string>{"a1", "b1", "n1"}));
  subscriber_->release();
  run_until_settled();
  EXPECT_EQ(subscriber_->events.size(), 5U);
}

TEST_F(DispatcherTest, OrderedGoesOnAfterAnEventWasDropped) {
  spec_.ordered = true;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 400 : 202); };
  start();
  append(make_event("1"));
  append(make_event("2"));
  run_until_settled();
  EXPECT_EQ(counters().dropped, 1U);
  EXPECT_EQ(counters().delivered, 1U);
}

}  // namespace
}  // namespace sluice
