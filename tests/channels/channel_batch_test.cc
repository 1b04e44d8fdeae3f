// What is checked: what channels/channel.h promises of several events that are appended together,
// for every kind of channels.def: their order, and that room is taken for all of them or for none.
// Method: as in channel_contract_test.cc.

#include "tests/channels/channel_contract.h"

#include <gmock/gmock.h>

#include <set>

namespace sluice {
namespace {

using testing::HasSubstr;

class ChannelBatch : public ChannelContract {};
class DurableChannelBatch : public ChannelContract {};

std::vector<EventPtr> events_named(const std::vector<std::string>& ids) {
  std::vector<EventPtr> events;
  for (const std::string& id : ids) events.push_back(make_event(id));
  return events;
}

TEST_P(ChannelBatch, HandsOutAllOfThemToEverybodyInTheirOrder) {
  const auto channel = make();
  const auto a = open(*channel, "a");
  const auto b = open(*channel, "b");
  ASSERT_TRUE(append(*channel, make_event("0")));
  const auto appended = append_all(*channel, events_named({"1", "2", "2", "3"}));
  ASSERT_TRUE(appended) << appended.error().detail;
  for (const auto& consumer : {a.get(), b.get()}) {
    for (const char* id : {"0", "1", "2", "2", "3"}) EXPECT_EQ(next_id_acked(*consumer), id);
  }
  wait_for_depth(*channel, 0);
  expect_nothing_more(*channel, *a);
  close(*channel);
}

TEST_P(ChannelBatch, HandsOutOnlyWhatTheFilterPasses) {
  const auto channel = make();
  const auto filter = compile_filter({{"exact", {{"type", "com.example.wanted"}}}});
  ASSERT_TRUE(filter) << filter.error().detail;
  const auto consumer = open(*channel, "a", filter.value());
  std::vector<EventPtr> events = events_named({"1", "2"});
  events.push_back(make_event("3", {{"type", "com.example.wanted"}}));
  ASSERT_TRUE(append_all(*channel, events));
  EXPECT_EQ(next_id_acked(*consumer), "3");
  EXPECT_EQ(consumer->filtered(), 2U);
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelBatch, TakesTheRoomForAllOfThemOrForNone) {
  const auto channel = make(3);
  const auto consumer = open(*channel, "a");
  ASSERT_TRUE(append(*channel, make_event("1")));
  const auto refused = append_all(*channel, events_named({"x", "y", "z"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_THAT(refused.error().detail, HasSubstr("no room for 3 events"));
  EXPECT_THAT(refused.error().detail, HasSubstr("capacity of 3 events"));
  EXPECT_EQ(channel->depth(), 1U);
  ASSERT_TRUE(append_all(*channel, events_named({"2", "3"}))) << "the room was given back";
  for (const char* id : {"1", "2", "3"}) EXPECT_EQ(next_id_acked(*consumer), id);
  wait_for_depth(*channel, 0);
  expect_nothing_more(*channel, *consumer);
  close(*channel);
}

TEST_P(ChannelBatch, NeverTakesMoreThanTheCapacity) {
  const auto channel = make(2);
  const auto consumer = open(*channel, "a");
  const auto refused = append_all(*channel, events_named({"1", "2", "3"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_EQ(channel->depth(), 0U);
  expect_nothing_more(*channel, *consumer);
  close(*channel);
}

// More than a Redis channel adds at a time.
TEST_P(ChannelBatch, LosesNothingOfALargeOne) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  std::vector<EventPtr> events;
  for (int i = 0; i < 2500; ++i) events.push_back(make_event(std::to_string(i)));
  const auto appended = append_all(*channel, events);
  ASSERT_TRUE(appended) << appended.error().detail;
  for (int i = 0; i < 2500; ++i) ASSERT_EQ(next_id_acked(*consumer), std::to_string(i));
  wait_for_depth(*channel, 0);
  close(*channel);
}

TEST_P(ChannelBatch, AClosedChannelRefusesThem) {
  const auto channel = make();
  close(*channel);
  const auto refused = append_all(*channel, events_named({"1", "2"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
}

TEST_P(DurableChannelBatch, KeepsEachEventAsItWas) {
  const auto channel = make();
  const auto consumer = open(*channel, "a");
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t").set("subject", "\xc3\xa9 %");
  builder.set("count", "5", AttributeType::integer).header("traceparent", "00-aa-bb-01");
  const EventPtr plain = builder.build();
  // Its content type says that the record as a whole is an event, so it is kept as one.
  const EventPtr nested =
      make_event("2", {{"datacontenttype", "application/cloudevents+json"}}, "{\"a\":1}");
  std::vector<EventPtr> events = {plain, nested, make_event("3", {{"empty", ""}}, "")};
  ASSERT_TRUE(append_all(*channel, events));
  for (const EventPtr& want : events) {
    const auto delivery = next(*consumer);
    const Event& event = *delivery->event();
    want->for_each_attribute([&](const Attribute& attribute) {
      EXPECT_EQ(event.attribute(attribute.name), attribute.value) << want->id();
    });
    EXPECT_EQ(event.header("traceparent"), want->header("traceparent"));
    EXPECT_EQ(event.data(), want->data());
    delivery->ack();
  }
  close(*channel);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChannelBatch, testing::ValuesIn(channel_kinds()),
                         [](const auto& kind) { return std::string(kind.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DurableChannelBatch);
INSTANTIATE_TEST_SUITE_P(Kinds, DurableChannelBatch, testing::ValuesIn(durable_kinds()),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(MemoryChannelBatch, IsBoundedByBytesAsAWhole) {
  TestCore core;
  ChannelSpec spec;
  spec.capacity_bytes = 8192;
  const auto channel = std::move(make_channel(spec)).value();
  ConsumerOptions options;
  options.name = "a";
  options.core = &core.core;
  const auto consumer = channel->open_consumer(options);
  const std::string data(3000, 'x');
  const std::vector<EventPtr> three(3, make_event("1", {}, data));
  const auto refused = run_task(core.core, channel->append_all(three, kNever));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_THAT(refused.error().detail, HasSubstr("capacity of 8192 bytes"));
  EXPECT_EQ(channel->depth(), 0U);
  const std::vector<EventPtr> two(three.begin(), three.begin() + 2);
  EXPECT_TRUE(run_task(core.core, channel->append_all(two, kNever)));
  EXPECT_FALSE(run_task(core.core, channel->append(three.front(), kNever)));
  run_task(core.core, channel->close());
}

}  // namespace
}  // namespace sluice
