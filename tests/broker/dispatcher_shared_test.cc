// What is checked: a dispatcher on a position that it shares with other processes: what it does
// with events that they have got, and at a drain. Method: a scripted consumer in place of a
// channel, a core run by hand.

#include "tests/broker/dispatcher_fixture.h"
#include "tests/support/scripted_consumer.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SharedDispatcherTest : public testing::Test {
 protected:
  SharedDispatcherTest() {
    spec_.name = "t1";
    spec_.delivery.retry = 3;
    spec_.delivery.backoff_delay = std::chrono::milliseconds(1);
  }

  ~SharedDispatcherTest() override {
    subscriber_->release();
    dispatcher_->halt();
    core_.deadlines().hurry();
    run_task(core_, dispatcher_->stop());
  }

  void start() {
    auto consumer = std::make_unique<ScriptedConsumer>();
    consumer_ = consumer.get();
    state_ = consumer->state();
    DispatchTargets targets;
    targets.subscriber = subscriber_;
    targets.dead_letter = dead_letter_;
    dispatcher_ = std::make_unique<Dispatcher>(core_, spec_, targets, std::move(consumer));
    dispatcher_->start();
  }

  void give(std::string_view id, std::string_view key = "k") {
    consumer_->give(make_event(id, {{"partitionkey", key}}));
    drain(core_);
  }

  template <typename Done>
  void wait_until(const Done& done) {
    run_until(core_, done);
    drain(core_);
  }

  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> ids;
    for (const EventPtr& event : subscriber_->events) ids.emplace_back(event->id());
    return ids;
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  DispatchSpec spec_;
  std::shared_ptr<RecordingSink> subscriber_ =
      std::make_shared<RecordingSink>(core_, "http://127.0.0.1/subscriber");
  std::shared_ptr<RecordingSink> dead_letter_ =
      std::make_shared<RecordingSink>(core_, "http://127.0.0.1/dead");
  ScriptedConsumer* consumer_ = nullptr;
  std::shared_ptr<ScriptedConsumer::State> state_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(SharedDispatcherTest, DoesNotTryAgainWhatAnotherProcessHas) {
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  subscriber_->held = true;
  start();
  give("1");
  state_->lost.insert("1");
  subscriber_->release();
  wait_until([&] { return !state_->returned.empty(); });
  EXPECT_THAT(sent(), ElementsAre("1"));
  EXPECT_THAT(state_->acked, IsEmpty());
  EXPECT_THAT(dead_letter_->events, IsEmpty());
}

TEST_F(SharedDispatcherTest, LetsGoOfARetryThatWasLostWhileItWaited) {
  spec_.ordered = true;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  start();
  give("1");
  give("2");
  give("3");
  ASSERT_THAT(sent(), ElementsAre("1")) << "the others wait for its key";
  state_->lost = {"1", "2"};
  wait_until([&] { return state_->acked.size() == 1; });
  EXPECT_THAT(sent(), ElementsAre("1", "3"));
  EXPECT_THAT(state_->acked, ElementsAre("3"));
  EXPECT_THAT(state_->returned, ElementsAre("1", "2"));
}

TEST_F(SharedDispatcherTest, LostButDeliveredCountsAsDelivered) {
  subscriber_->held = true;
  start();
  give("1");
  state_->lost.insert("1");
  subscriber_->release();
  wait_until([&] { return state_->acked.size() == 1; });
  EXPECT_EQ(dispatcher_->counters().delivered, 1U);
}

TEST_F(SharedDispatcherTest, LeavingTheRestEndsWhatIsOpenAndStartsNothing) {
  spec_.max_in_flight = 2;
  subscriber_->held = true;
  subscriber_->answer = [](std::size_t index) { return attempt_with(index == 0 ? 503 : 202); };
  start();
  give("1", "a");
  give("2", "b");
  give("3", "c");
  ASSERT_THAT(sent(), ElementsAre("1", "2"));
  dispatcher_->leave_the_rest();
  EXPECT_TRUE(dispatcher_->is_busy());
  subscriber_->release();
  wait_until([&] { return !dispatcher_->is_busy(); });
  EXPECT_THAT(state_->acked, ElementsAre("2"));
  EXPECT_THAT(state_->returned, ElementsAre("1")) << "not tried again: its channel keeps it";
  EXPECT_THAT(sent(), ElementsAre("1", "2"));
}

TEST_F(SharedDispatcherTest, LeavingTheRestStartsNothingThatWaitsForAKey) {
  spec_.ordered = true;
  subscriber_->held = true;
  start();
  give("1");
  give("2");
  dispatcher_->leave_the_rest();
  subscriber_->release();
  wait_until([&] { return !dispatcher_->is_busy(); });
  EXPECT_THAT(state_->acked, ElementsAre("1"));
  EXPECT_THAT(sent(), ElementsAre("1"));
}

}  // namespace
}  // namespace sluice
