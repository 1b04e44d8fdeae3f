// What is checked: the contract of channels/channel.h, the same for every kind of channels.def.
// Method: a core run by hand; "nothing came" is a deadline that has passed already, so nothing
// sleeps.

#include "channels/channel.h"

#include "base/task_group.h"
#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <thread>

namespace sluice {
namespace {

struct CountingListener final : ConsumerListener {
  void on_ready() override { ++count; }
  int count = 0;
};

class ChannelContract : public testing::TestWithParam<std::string_view> {
 protected:
  std::unique_ptr<Channel> make(std::size_t capacity_events = 1000) {
    ChannelSpec spec;
    spec.kind = GetParam();
    spec.name = "orders";
    spec.capacity_events = capacity_events;
    auto channel = make_channel(spec);
    EXPECT_TRUE(channel) << channel.error().detail;
    return std::move(channel).value();
  }

  std::unique_ptr<Consumer> open(Channel& channel, const std::string& name,
                                 FilterPtr filter = nullptr) {
    ConsumerOptions options;
    options.name = name;
    options.filter = std::move(filter);
    options.core = &core_;
    auto consumer = channel.open_consumer(std::move(options));
    EXPECT_TRUE(consumer) << consumer.error().detail;
    return std::move(consumer).value();
  }

  Result<void> append(Channel& channel, EventPtr event) {
    return run_task(core_, channel.append(std::move(event), kNever));
  }

  /// The next delivery, or null when none is there.
  DeliveryPtr next(Consumer& consumer) {
    drain(core_);
    return consumer.take();
  }

  std::string next_id_acked(Consumer& consumer) {
    auto delivery = next(consumer);
    if (!delivery) return "(none)";
    std::string id(delivery->event()->id());
    delivery->ack();
    return id;
  }

  /// Waits until `channel` holds `events`: acks may take effect later.
  void wait_for_depth(Channel& channel, std::uint64_t events) {
    while (channel.depth() != events) core_.io().run_one();
  }

  void close(Channel& channel) { run_task(core_, channel.close()); }

  TestCore test_core_;
  Core& core_ = test_core_.core;
};

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
  EXPECT_FALSE(next(*consumer));
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
  EXPECT_EQ(next_id_acked(*consumer), "(none)");
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
  EXPECT_FALSE(next(*consumer));
  wait_for_depth(*channel, 0);
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
  EXPECT_EQ(next_id_acked(*consumer), "(none)");
  EXPECT_EQ(consumer->filtered(), 2U);
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelContract, AnEventThatNobodyWantsTakesNoRoom) {
  const auto channel = make(1);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(append(*channel, make_event(std::to_string(i))));
  EXPECT_EQ(channel->depth(), 0U);
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
  EXPECT_FALSE(next(*consumer));
  const auto refused = append(*channel, make_event("1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
}

TEST_P(ChannelContract, TellsItsListenerOnceAfterATakeThatFoundNothing) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  CountingListener listener;
  consumer->listen(listener);
  ASSERT_FALSE(next(*consumer));
  for (const char* id : {"1", "2"}) ASSERT_TRUE(append(*channel, make_event(id)));
  drain(core_);
  EXPECT_EQ(listener.count, 1);
  EXPECT_EQ(next_id_acked(*consumer), "1");
  EXPECT_EQ(next_id_acked(*consumer), "2");
  ASSERT_TRUE(append(*channel, make_event("3")));
  drain(core_);
  EXPECT_EQ(listener.count, 1) << "no take() has found nothing since";
  EXPECT_EQ(next_id_acked(*consumer), "3");
  EXPECT_EQ(next_id_acked(*consumer), "(none)");
  ASSERT_TRUE(append(*channel, make_event("4")));
  drain(core_);
  EXPECT_EQ(listener.count, 2);
  close(*channel);
}

TEST_P(ChannelContract, TellsItsListenerOfADeliveryThatCameBack) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  CountingListener listener;
  consumer->listen(listener);
  ASSERT_TRUE(append(*channel, make_event("1")));
  auto delivery = next(*consumer);
  ASSERT_TRUE(delivery);
  ASSERT_FALSE(next(*consumer));
  delivery.reset();
  drain(core_);
  EXPECT_EQ(listener.count, 1);
  EXPECT_EQ(next_id_acked(*consumer), "1");
  close(*channel);
}

TEST_P(ChannelContract, LosesNothingWhenManyCoresAppend) {
  constexpr int kCores = 4;
  constexpr int kEach = 500;
  const auto channel = make(kCores * kEach);
  const auto consumer = open(*channel, "a");
  std::atomic<int> accepted{0};
  const auto produce = [](Channel& into, std::size_t from,
                          std::atomic<int>& count) -> Awaitable<void> {
    for (int i = 0; i < kEach; ++i) {
      const std::string id = std::to_string(from) + "-" + std::to_string(i);
      const auto appended = co_await into.append(make_event(id), kNever);
      if (appended) count.fetch_add(1);
    }
  };
  {
    CorePool pool(kCores);
    std::vector<std::unique_ptr<TaskGroup>> groups;
    for (std::size_t i = 0; i < kCores; ++i) {
      groups.push_back(std::make_unique<TaskGroup>(pool.core(i)));
      // By its own address: the vector still grows while the first cores run.
      boost::asio::post(pool.core(i).executor(), [&, i, group = groups.back().get()] {
        group->spawn(produce(*channel, i, accepted));
      });
    }
    int received = 0;
    while (received < kCores * kEach) {
      const DeliveryPtr delivery = wait_for_next(core_, *consumer);
      delivery->ack();
      ++received;
    }
    pool.stop();
  }
  EXPECT_EQ(accepted.load(), kCores * kEach);
  wait_for_depth(*channel, 0);
  close(*channel);
}

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
