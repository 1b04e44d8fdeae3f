// What is checked: what entering a Broker does to an event (arrival time, hop count) and to a
// batch, and what its channel's refusals become; the derived events; the wiring of flows; the
// routing of paths. Method: a core run by hand and a memory channel; the rest is pure.

#include "broker/broker.h"

#include "broker/derived_event.h"
#include "broker/flow.h"
#include "broker/routing_table.h"
#include "base/rfc3339.h"
#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/recording_sink.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

class BrokerTest : public testing::Test {
 protected:
  BrokerTest() {
    ChannelSpec spec;
    spec.capacity_events = 3;
    channel_ = std::move(make_channel(spec)).value();
    ConsumerOptions options;
    options.name = "t";
    options.core = &core_.core;
    consumer_ = std::move(channel_->open_consumer(std::move(options))).value();
    broker_ = std::make_unique<Broker>(*channel_, "http://127.0.0.1/default/orders");
  }
  ~BrokerTest() override { run_task(core_.core, channel_->close()); }

  Attempt send(EventPtr event) { return run_task(core_.core, broker_->send(event, kNever)); }

  TestCore core_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Consumer> consumer_;
  std::unique_ptr<Broker> broker_;
};

TEST_F(BrokerTest, StampsArrivalTimeOverWhatTheProducerWrote) {
  EXPECT_EQ(send(make_event("1", {{"knativearrivaltime", "x"}})).status, 202);
  const DeliveryPtr delivery = wait_for_next(core_.core, *consumer_);
  const std::string time = attribute_of(delivery->event(), "knativearrivaltime");
  EXPECT_TRUE(is_rfc3339(time)) << time;
  delivery->ack();
}

struct HopRow {
  const char* came;  // Null: absent.
  int status;
  const char* stored;
};

TEST_F(BrokerTest, CountsHopsDown) {
  const HopRow rows[] = {{nullptr, 202, "255"}, {"abc", 202, "255"}, {"", 202, "255"},
                         {"2.5", 202, "255"},   {"255", 202, "254"}, {"2", 202, "1"},
                         {"1", 400, nullptr},   {"0", 400, nullptr}, {"-3", 400, nullptr}};
  for (const HopRow& row : rows) {
    const auto event =
        row.came == nullptr ? make_event("1") : make_event("1", {{"knativebrokerttl", row.came}});
    const Attempt attempt = send(event);
    EXPECT_EQ(attempt.status, row.status) << (row.came ? row.came : "absent");
    if (row.stored == nullptr) {
      EXPECT_NE(attempt.detail.find("knativebrokerttl"), std::string::npos);
      continue;
    }
    const DeliveryPtr delivery = wait_for_next(core_.core, *consumer_);
    EXPECT_EQ(attribute_of(delivery->event(), "knativebrokerttl"), row.stored);
    delivery->ack();
  }
}

TEST_F(BrokerTest, DoesNotChangeAnEventThatOthersHold) {
  const EventPtr shared = make_event("1");
  EXPECT_EQ(send(shared).status, 202);
  EXPECT_EQ(attribute_of(shared, "knativebrokerttl"), "(absent)");
}

TEST_F(BrokerTest, AnswersAsItsChannelDoes) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(send(make_event("1")).status, 202);
  const Attempt full = send(make_event("4"));
  EXPECT_EQ(full.status, 429);
  EXPECT_NE(full.detail.find("capacity"), std::string::npos);
}

TEST_F(BrokerTest, StampsAllOfABatch) {
  std::vector<EventPtr> events = {make_event("1"), make_event("2", {{"knativebrokerttl", "9"}})};
  const auto batch = run_task(core_.core, broker_->send_all(std::move(events), kNever));
  EXPECT_EQ(batch.outcome.status, 202);
  EXPECT_TRUE(batch.replies.empty());
  for (const char* hops : {"255", "8"}) {
    const DeliveryPtr delivery = wait_for_next(core_.core, *consumer_);
    EXPECT_TRUE(is_rfc3339(attribute_of(delivery->event(), "knativearrivaltime")));
    EXPECT_EQ(attribute_of(delivery->event(), "knativebrokerttl"), hops);
    delivery->ack();
  }
}

TEST_F(BrokerTest, TakesNothingOfABatchOfWhichOneHasNoHopsLeft) {
  std::vector<EventPtr> events = {make_event("1"), make_event("2", {{"knativebrokerttl", "1"}})};
  const auto batch = run_task(core_.core, broker_->send_all(std::move(events), kNever));
  EXPECT_EQ(batch.outcome.status, 400);
  EXPECT_EQ(batch.outcome.detail.find("event 1: attribute 'knativebrokerttl'"), 0U)
      << batch.outcome.detail;
  EXPECT_EQ(channel_->depth(), 0U);
}

TEST_F(BrokerTest, TakesAllOfABatchOrNothing) {
  for (const bool is_channel : {true, false}) {
    ChannelSink address(*channel_, "http://127.0.0.1/default/channels/c");
    Sink& sink = is_channel ? static_cast<Sink&>(address) : *broker_;
    const std::vector<EventPtr> four(4, make_event("1"));
    const auto refused = run_task(core_.core, sink.send_all(four, kNever));
    EXPECT_EQ(refused.outcome.status, 429);
    EXPECT_EQ(channel_->depth(), 0U);
    const std::vector<EventPtr> three(3, make_event("1"));
    EXPECT_EQ(run_task(core_.core, sink.send_all(three, kNever)).outcome.status, 202);
    for (int i = 0; i < 3; ++i) wait_for_next(core_.core, *consumer_)->ack();
  }
}

TEST(ReplyOf, CarriesTheCausesTraceUnlessItHasOne) {
  EventBuilder cause;
  cause.set("id", "1").set("source", "/s").set("type", "t").header("traceparent", "cause-trace");
  const EventPtr original = cause.build();
  EXPECT_EQ(reply_of(make_event("r"), *original)->header("traceparent"), "cause-trace");
  EventBuilder own;
  own.set("id", "r").set("source", "/s").set("type", "t").header("traceparent", "own");
  EXPECT_EQ(reply_of(own.build(), *original)->header("traceparent"), "own");
}

TEST(PathOf, IgnoresQueryAndOneTrailingSlash) {
  EXPECT_EQ(path_of("/default/orders"), "/default/orders");
  EXPECT_EQ(path_of("/default/orders/"), "/default/orders");
  EXPECT_EQ(path_of("/default/orders//"), "/default/orders/");
  EXPECT_EQ(path_of("/default/orders?x=1"), "/default/orders");
  EXPECT_EQ(path_of("/default/orders/?x=/y"), "/default/orders");
  EXPECT_EQ(path_of("http://host:1/default/orders?x"), "/default/orders");
  EXPECT_EQ(path_of("http://host"), "/");
  EXPECT_EQ(path_of("/"), "/");
}

TEST(RoutingTable, FindsWhatWasAddedAndNothingElse) {
  TestCore core;
  const auto sink = std::make_shared<RecordingSink>(core.core);
  RoutingTable table;
  ASSERT_TRUE(table.add("/default/orders", sink, "broker", "default", "orders"));
  ASSERT_NE(table.find("/default/orders/?a=b"), nullptr);
  EXPECT_EQ(table.find("/default/orders")->kind, "broker");
  for (const char* target : {"/", "", "/default", "/default/Orders", "/default/orders/x", "*",
                             "/default//orders", "/default/orders%20"}) {
    EXPECT_EQ(table.find(target), nullptr) << target;
  }
  const auto twice = table.add("/default/orders", sink, "broker", "default", "orders");
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().detail.find("/default/orders"), std::string::npos);
}

SequenceSpec three_steps() {
  SequenceSpec sequence;
  sequence.name = "s";
  sequence.steps.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    sequence.steps[i].subscriber.address = "http://step" + std::to_string(i);
  }
  sequence.reply = Destination{"/default/orders"};
  return sequence;
}

TEST(SequenceWiring, ChainsOneChannelPerStep) {
  const auto channels = channels_of(three_steps());
  ASSERT_EQ(channels.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(channels[i].channel.name, "s-kn-sequence-" + std::to_string(i));
    ASSERT_EQ(channels[i].subscriptions.size(), 1U);
    EXPECT_EQ(channels[i].subscriptions[0].subscriber.address, "http://step" + std::to_string(i));
  }
  EXPECT_EQ(channels[0].subscriptions[0].reply->address, "/default/channels/s-kn-sequence-1");
  EXPECT_EQ(channels[1].subscriptions[0].reply->address, "/default/channels/s-kn-sequence-2");
  EXPECT_EQ(channels[2].subscriptions[0].reply->address, "/default/orders");
}

TEST(ParallelWiring, GivesEveryBranchAFilterAndAChannel) {
  ParallelSpec parallel;
  parallel.name = "p";
  parallel.reply = Destination{"/default/all"};
  parallel.branches.resize(2);
  parallel.branches[0].filter.emplace();
  parallel.branches[0].filter->subscriber.address = "http://filter";
  parallel.branches[0].filter->plain_reply = PlainReply::wrap;
  parallel.branches[0].subscriber.subscriber.address = "http://one";
  parallel.branches[1].subscriber.subscriber.address = "http://two";
  parallel.branches[1].subscriber.reply = Destination{"/default/own"};
  const auto channels = channels_of(parallel);
  ASSERT_EQ(channels.size(), 3U);
  EXPECT_EQ(channels[0].channel.name, "p-kn-parallel");
  const auto& filters = channels[0].subscriptions;
  ASSERT_EQ(filters.size(), 2U);
  EXPECT_EQ(filters[0].subscriber.address, "http://filter");
  EXPECT_EQ(filters[0].reply->address, "/default/channels/p-kn-parallel-0");
  EXPECT_EQ(filters[0].plain_reply, PlainReply::ignore);
  EXPECT_EQ(filters[1].subscriber.address, "/default/channels/p-kn-parallel-1");
  EXPECT_FALSE(filters[1].reply);
  EXPECT_EQ(channels[1].subscriptions[0].subscriber.address, "http://one");
  EXPECT_EQ(channels[1].subscriptions[0].reply->address, "/default/all");
  EXPECT_EQ(channels[2].subscriptions[0].reply->address, "/default/own");
}

}  // namespace
}  // namespace sluice
