// What is checked: the contract of channels/channel.h, the same for every kind of channels.def.
// Method: a core run by hand. A backend outside the process hands out in its own time, so the tests
// wait for what must come; that nothing more comes is shown by what is appended next coming next.

#include "tests/channels/channel_contract.h"

#include "base/task_group.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace sluice {
namespace {

struct CountingListener final : ConsumerListener {
  void on_ready() override { ++count; }
  int count = 0;
};

/// What holds for kinds whose events outlive the process.
class DurableChannelContract : public ChannelContract {};

TEST_P(ChannelContract, HandsOutInAppendOrder) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  for (const char* id : {"1", "2", "3"}) ASSERT_TRUE(append(*channel, make_event(id)));
  for (const char* id : {"1", "2", "3"}) {
    const auto delivery = next(*consumer);
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->event()->id(), id);
    EXPECT_EQ(delivery->attempt(), 1U);
    delivery->ack();
  }
  expect_nothing_more(*channel, *consumer);
  close(*channel);
}

TEST_P(ChannelContract, GivesEveryConsumerEveryEvent) {
  const auto channel = make();
  const auto a = open(*channel, "a");
  const auto b = open(*channel, "b");
  ASSERT_TRUE(append(*channel, make_event("1")));
  EXPECT_EQ(next_id_acked(*a), "1");
  EXPECT_EQ(next_id_acked(*b), "1");
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelContract, HandsOutAgainWhenADeliveryIsDroppedUnsettled) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  ASSERT_TRUE(append(*channel, make_event("1")));
  ASSERT_TRUE(append(*channel, make_event("2")));
  next(*consumer).reset();
  const auto again = next(*consumer);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->event()->id(), "1");
  EXPECT_EQ(again->attempt(), 2U);
  again->ack();
  EXPECT_EQ(next_id_acked(*consumer), "2");
  expect_nothing_more(*channel, *consumer);
  close(*channel);
}

TEST_P(ChannelContract, AckIsIdempotent) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  ASSERT_TRUE(append(*channel, make_event("1")));
  auto delivery = next(*consumer);
  delivery->ack();
  delivery->ack();
  delivery.reset();
  wait_for_depth(*channel, 0);
  expect_nothing_more(*channel, *consumer);
  close(*channel);
}

TEST_P(ChannelContract, HoldsAnEventUntilEveryConsumerSettledIt) {
  const auto channel = make();
  const auto a = open(*channel, "a");
  const auto b = open(*channel, "b");
  ASSERT_TRUE(append(*channel, make_event("1")));
  EXPECT_EQ(next_id_acked(*a), "1");
  EXPECT_EQ(channel->depth(), 1U);
  EXPECT_EQ(next_id_acked(*b), "1");
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelContract, RefusesWithResourceExhaustedWhenFullAndTakesAgainWhenSettled) {
  const auto channel = make(2);
  const auto consumer = open(*channel, "a");
  ASSERT_TRUE(append(*channel, make_event("1")));
  ASSERT_TRUE(append(*channel, make_event("2")));
  const auto refused = append(*channel, make_event("3"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_NE(refused.error().detail.find("capacity of 2 events"), std::string::npos)
      << refused.error().detail;
  EXPECT_EQ(next_id_acked(*consumer), "1");
  wait_for_depth(*channel, 1);
  EXPECT_TRUE(append(*channel, make_event("4")));
  close(*channel);
}

TEST_P(ChannelContract, ASlowConsumerDelaysNoOther) {
  const auto channel = make();
  const auto slow = open(*channel, "slow");
  const auto fast = open(*channel, "fast");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(append(*channel, make_event(std::to_string(i))));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(next_id_acked(*fast), std::to_string(i));
  EXPECT_EQ(next_id_acked(*slow), "0");
  close(*channel);
}

TEST_P(ChannelContract, HandsOutOnlyWhatTheFilterPassesAndCountsTheRest) {
  const auto channel = make();
  const auto filter = compile_filter({{"exact", {{"type", "com.example.wanted"}}}});
  ASSERT_TRUE(filter) << filter.error().detail;
  const auto consumer = open(*channel, "a", filter.value());
  ASSERT_TRUE(append(*channel, make_event("1")));
  ASSERT_TRUE(append(*channel, make_event("2", {{"type", "com.example.wanted"}})));
  ASSERT_TRUE(append(*channel, make_event("3")));
  EXPECT_EQ(next_id_acked(*consumer), "2");
  expect_nothing_more(*channel, *consumer, "com.example.wanted");
  EXPECT_EQ(consumer->filtered(), 2U);
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelContract, AnEventThatNobodyWantsTakesNoRoom) {
  const auto channel = make(1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(append(*channel, make_event(std::to_string(i))));
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelContract, RefusesASecondConsumerOfTheSameName) {
  const auto channel = make();
  auto first = open(*channel, "a");
  ConsumerOptions options;
  options.name = "a";
  options.core = &core_;
  const auto second = channel->open_consumer(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::invalid_argument);
  first.reset();
  EXPECT_TRUE(channel->open_consumer(options));
  close(*channel);
}

TEST_P(ChannelContract, CloseRefusesAppendsAndHandsOutNothingMore) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  ASSERT_TRUE(append(*channel, make_event("1")));
  close(*channel);
  EXPECT_FALSE(consumer->take());
  const auto refused = append(*channel, make_event("1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
}

TEST_P(ChannelContract, TellsItsListenerOnceAfterATakeThatFoundNothing) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  CountingListener listener;
  consumer->listen(listener);
  ASSERT_FALSE(consumer->take());
  int empty_takes = 1;
  const auto next_acked = [&] {
    for (;;) {
      if (const DeliveryPtr delivery = consumer->take()) return delivery->ack();
      ++empty_takes;
      run_until(core_, [&] { return listener.count == empty_takes; });
    }
  };
  for (const char* id : {"1", "2"}) ASSERT_TRUE(append(*channel, make_event(id)));
  run_until(core_, [&] { return listener.count == 1; });
  next_acked();
  next_acked();
  ASSERT_TRUE(append(*channel, make_event("3")));
  drain(core_);
  EXPECT_EQ(listener.count, empty_takes) << "no take() has found nothing since";
  next_acked();
  ASSERT_FALSE(consumer->take());
  ++empty_takes;
  ASSERT_TRUE(append(*channel, make_event("4")));
  run_until(core_, [&] { return listener.count == empty_takes; });
  close(*channel);
}

TEST_P(ChannelContract, TellsItsListenerOfADeliveryThatCameBack) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  ASSERT_TRUE(append(*channel, make_event("1")));
  auto delivery = next(*consumer);
  CountingListener listener;
  consumer->listen(listener);
  ASSERT_FALSE(consumer->take());
  delivery.reset();
  run_until(core_, [&] { return listener.count == 1; });
  const auto again = consumer->take();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->event()->id(), "1");
  again->ack();
  close(*channel);
}

TEST_P(ChannelContract, LosesNothingWhenManyCoresAppend) {
  constexpr int kCores = 4;
  constexpr int kEach = 500;
  CorePool pool(kCores);  // Outlives the channel, which has parts on its cores.
  // With room to spare: what is on its way while a full channel is counted may count twice.
  const auto channel = make(2 * kCores * kEach);
  const auto consumer = open(*channel, "a");
  std::atomic<int> accepted{0};
  const auto produce = [](Channel& into, std::size_t from,
                          std::atomic<int>& count) -> Awaitable<void> {
    for (int i = 0; i < kEach; ++i) {
      const std::string id = std::to_string(from) + "-" + std::to_string(i);
      const auto appended = co_await into.append(make_event(id), kNever);
      if (!appended) ADD_FAILURE() << id << ": " << appended.error().detail;
      if (appended) count.fetch_add(1);
    }
  };
  std::vector<std::unique_ptr<TaskGroup>> groups;
  for (std::size_t i = 0; i < kCores; ++i) {
    groups.push_back(std::make_unique<TaskGroup>(pool.core(i)));
    // By its own address: the vector still grows while the first cores run.
    boost::asio::post(pool.core(i).executor(), [&, i, group = groups.back().get()] {
      group->spawn(produce(*channel, i, accepted));
    });
  }
  for (int received = 0; received < kCores * kEach; ++received) next(*consumer)->ack();
  wait_for_depth(*channel, 0);
  close(*channel);
  pool.stop();
  EXPECT_EQ(accepted.load(), kCores * kEach);
}

TEST_P(ChannelContract, OneOfThoseThatShareItIsAnsweredAClaim) {
  const auto channel = make();
  const auto claimed = run_task(
      core_, channel->claim(Claim("source/default/tick", "10:00", std::chrono::hours(1)), kNever));
  ASSERT_TRUE(claimed) << claimed.error().detail;
  EXPECT_TRUE(claimed.value());
  close(*channel);
}

TEST_P(DurableChannelContract, SaysThatItIsDurable) {
  const auto channel = make();
  EXPECT_TRUE(channel->status().durable);
  close(*channel);
}

TEST_P(DurableChannelContract, HandsOutAgainAfterARestartWhatWasNotSettled) {
  {
    const auto channel = make();
    auto consumer = open(*channel, "a");
    for (const char* id : {"1", "2", "3"}) ASSERT_TRUE(append(*channel, make_event(id)));
    EXPECT_EQ(next_id_acked(*consumer), "1");
    const auto held = next(*consumer);
    EXPECT_EQ(held->event()->id(), "2");
    close(*channel);
  }
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  EXPECT_EQ(next_id_acked(*consumer), "2");
  EXPECT_EQ(next_id_acked(*consumer), "3");
  expect_nothing_more(*channel, *consumer);
  close(*channel);
}

TEST_P(DurableChannelContract, KeepsForAConsumerWhatCameWhileItWasAway) {
  {
    const auto channel = make();
    const auto consumer = open(*channel, "a");
    expect_nothing_more(*channel, *consumer);
    close(*channel);
  }
  const auto producer = make();
  ASSERT_TRUE(append(*producer, make_event("1")));
  close(*producer);
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  EXPECT_EQ(next_id_acked(*consumer), "1");
  close(*channel);
}

TEST_P(DurableChannelContract, KeepsTheEventAsItWas) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t").set("partitionkey", "k");
  builder.set("count", "5", AttributeType::integer).set("note", "\xc3\xa9 %");
  builder.header("traceparent", "00-aa-bb-01");
  const std::string data("\0\xff\n", 3);
  builder.data(data, DataKind::bytes);
  ASSERT_TRUE(append(*channel, builder.build()));
  const auto delivery = next(*consumer);
  const Event& event = *delivery->event();
  EXPECT_EQ(event.attribute("count"), "5");
  EXPECT_EQ(event.attribute("note"), "\xc3\xa9 %");
  EXPECT_EQ(event.attribute("partitionkey"), "k");
  EXPECT_EQ(event.header("traceparent"), "00-aa-bb-01");
  EXPECT_EQ(event.data(), data);
  delivery->ack();
  close(*channel);
}

TEST_P(DurableChannelContract, TwoProcessesShareAPositionAndEachEventReachesOneOfThem) {
  const auto one = make();
  const auto two = make();
  const auto a = open(*one, "a");
  const auto b = open(*two, "a");
  CountingListener listener;
  a->listen(listener);
  b->listen(listener);
  constexpr int kEvents = 100;
  for (int i = 0; i < kEvents; ++i) ASSERT_TRUE(append(*one, make_event(std::to_string(i))));
  std::vector<std::string> ids;
  while (ids.size() < kEvents) {
    const int count = listener.count;
    bool found = false;
    for (Consumer* const consumer : {a.get(), b.get()}) {
      while (const DeliveryPtr delivery = consumer->take()) {
        ids.emplace_back(delivery->event()->id());
        delivery->ack();
        found = true;
      }
    }
    if (!found) run_until(core_, [&] { return listener.count != count; });
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end()) << "an event reached both";
  close(*one);
  close(*two);
}

TEST_P(DurableChannelContract, OneOfTwoProcessesIsAnsweredAClaim) {
  const auto one = make();
  const auto two = make();
  const Claim tick("source/default/tick", "10:00", std::chrono::hours(1));
  const auto first = run_task(core_, one->claim(tick, kNever));
  const auto second = run_task(core_, two->claim(tick, kNever));
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_NE(first.value(), second.value());
  close(*one);
  close(*two);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DurableChannelContract);
INSTANTIATE_TEST_SUITE_P(Kinds, DurableChannelContract, testing::ValuesIn(durable_kinds()),
                         [](const auto& kind) { return std::string(kind.param); });
INSTANTIATE_TEST_SUITE_P(Kinds, ChannelContract, testing::ValuesIn(channel_kinds()),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(MemoryChannel, IsBoundedByBytesAsWell) {
  TestCore core;
  ChannelSpec spec;
  spec.capacity_bytes = 4096;
  const auto channel = make_channel(spec);
  ConsumerOptions options;
  options.name = "a";
  options.core = &core.core;
  const auto consumer = channel.value()->open_consumer(options);
  const std::string data(3000, 'x');
  ASSERT_TRUE(run_task(core.core, channel.value()->append(make_event("1", {}, data), kNever)));
  const auto refused =
      run_task(core.core, channel.value()->append(make_event("2", {}, data), kNever));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_NE(refused.error().detail.find("4096 bytes"), std::string::npos);
  run_task(core.core, channel.value()->close());
}

TEST(MakeChannel, RefusesAnUnknownKindAndAnUnknownField) {
  ChannelSpec spec;
  spec.kind = "CarrierPigeon";
  const auto unknown = make_channel(spec);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().detail.find("CarrierPigeon"), std::string::npos);
  spec.kind = "InMemoryChannel";
  spec.spec = {{"numPartitions", 3}};
  const auto field = make_channel(spec);
  ASSERT_FALSE(field);
  EXPECT_NE(field.error().detail.find("numPartitions"), std::string::npos);
}

}  // namespace
}  // namespace sluice
