// What is checked: the event in one allocation: what the builder was given is there, stamps copy
// only an event that somebody else holds, sizes are counted, and no two are called the same.

#include "event/event.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

EventBuilder order() {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/shop").set("type", "order.created");
  builder.set("subject", "orders/42").set("five", "5", AttributeType::integer);
  builder.header("x-request-id", "r1").header("traceparent", "00-a");
  builder.data("{\"a\":1}", DataKind::bytes);
  return builder;
}

std::vector<std::string> names_of(const Event& event) {
  std::vector<std::string> names;
  event.for_each_attribute([&](const Attribute& a) { names.emplace_back(a.name); });
  return names;
}

TEST(Event, HoldsWhatTheBuilderWasGiven) {
  EventPtr event;
  {
    const std::string id(50, 'i');  // Gone when the event is read.
    event = order().set("id", id).build();
  }
  EXPECT_EQ(event->id(), std::string(50, 'i'));
  EXPECT_EQ(event->source(), "/shop");
  EXPECT_EQ(event->attribute("type"), "order.created");
  EXPECT_EQ(event->attribute("specversion"), "1.0");
  EXPECT_EQ(event->attribute("subject"), "orders/42");
  EXPECT_EQ(event->attribute("five"), "5");
  EXPECT_EQ(event->attribute("six"), std::nullopt);
  EXPECT_EQ(event->attribute("x-request-id"), std::nullopt);
  EXPECT_EQ(event->header("x-request-id"), "r1");
  EXPECT_EQ(event->header("five"), std::nullopt);
  EXPECT_EQ(event->data(), "{\"a\":1}");
  EXPECT_EQ(names_of(*event),
            (std::vector<std::string>{"id", "source", "type", "subject", "five"}));
}

TEST(EventBuilder, SetsReplacesAddsAndRemoves) {
  EventBuilder builder = order();
  EXPECT_FALSE(builder.add("id", "2"));
  EXPECT_FALSE(builder.add("five", "6"));
  EXPECT_TRUE(builder.add("six", "6"));
  builder.set("five", "V").remove("subject").remove("nothing").remove_header("traceparent");
  EXPECT_EQ(builder.find("id")->value, "1");
  EXPECT_EQ(builder.find("subject"), nullptr);
  EXPECT_EQ(EventBuilder().find("type"), nullptr);
  const EventPtr event = builder.build();
  EXPECT_EQ(names_of(*event), (std::vector<std::string>{"id", "source", "type", "five", "six"}));
  EXPECT_EQ(event->attribute("five"), "V");
  EXPECT_EQ(event->header("traceparent"), std::nullopt);
}

TEST(EventBuilder, TakesMoreAttributesThanItHasRoomForOnTheStack) {
  EventBuilder builder = order();
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("ext" + std::to_string(i));
  for (const std::string& name : names) builder.set(name, name);
  const EventPtr event = builder.build();
  for (const std::string& name : names) EXPECT_EQ(event->attribute(name), name);
}

TEST(Stamped, WritesInPlaceWhenNobodyElseHoldsTheEvent) {
  EventPtr event = order().build();
  const Event* const where = event.get();
  event = stamped(std::move(event), "2026-11-20T14:45:00Z", 254);
  EXPECT_EQ(event.get(), where);
  EXPECT_EQ(event->attribute("knativearrivaltime"), "2026-11-20T14:45:00Z");
  EXPECT_EQ(event->attribute("knativebrokerttl"), "254");
  EXPECT_EQ(event->hops(), 254);
}

TEST(Stamped, CopiesWhenSomebodyElseHoldsTheEvent) {
  const EventPtr event = order().set("knativebrokerttl", "9").build();
  const EventPtr copy = stamped(event, "now", 8);
  EXPECT_NE(copy, event);
  EXPECT_EQ(event->hops(), 9);
  EXPECT_EQ(copy->hops(), 8);
  EXPECT_EQ(copy->data(), event->data());
  EXPECT_EQ(copy->header("x-request-id"), "r1");
  EXPECT_EQ(names_of(*copy), (std::vector<std::string>{"id", "source", "type", "subject", "five",
                                                       "knativearrivaltime", "knativebrokerttl"}));
}

TEST(Stamped, CopyOfAStampedEventHasItsStampsOnce) {
  const EventPtr event = stamped(order().set("knativearrivaltime", "producer's").build(), "now", 3);
  EventBuilder builder = EventBuilder::copy_of(*event);
  const EventPtr copy = builder.build();
  EXPECT_EQ(copy->attribute("knativearrivaltime"), "now");
  EXPECT_EQ(names_of(*copy), names_of(*event));
}

TEST(Event, HasNoHopsWhereTheAttributeIsNoInteger) {
  EXPECT_EQ(order().build()->hops(), std::nullopt);
  for (const char* text : {"abc", "", "1.5", "5 ", "99999999999"}) {
    EXPECT_EQ(order().set("knativebrokerttl", text).build()->hops(), std::nullopt) << text;
  }
}

TEST(Event, HasASerialNumberOfItsOwnOnEveryThread) {
  std::vector<EventPtr> events;
  for (int i = 0; i < 100; ++i) events.push_back(order().build());
  std::thread([&] {
    for (int i = 0; i < 100; ++i) events.push_back(order().build());
  }).join();
  events.push_back(stamped(events.front(), "now", 8));  // A copy: somebody else holds it.
  std::set<std::uint64_t> serials;
  for (const EventPtr& event : events) serials.insert(event->serial());
  EXPECT_EQ(serials.size(), events.size());
  EXPECT_FALSE(serials.contains(0));
  EventPtr event = order().build();
  const std::uint64_t before = event->serial();
  event = stamped(std::move(event), "now", 8);
  EXPECT_EQ(event->serial(), before) << "its data is the same";
}

TEST(Event, CountsItsBytes) {
  const EventPtr small = order().build();
  const std::string data(1000, 'x');
  const EventPtr large = order().data(data, DataKind::bytes).build();
  EXPECT_EQ(large->size_bytes() - small->size_bytes(), data.size() - small->data().size());
  EXPECT_LT(small->size_bytes(), 600U) << "a small event is small";
}

}  // namespace
}  // namespace sluice
