// What is checked: an event comes back from a stream entry as it was, and what is no event is told.
// Method: entries are made as the server sends them and read by hiredis, without a server.

#if SLUICE_HAS_REDIS

#include "event/event_redis.h"

#include "event/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

namespace sluice {
namespace {

/// The array of names and values, as Redis would answer with it.
RedisReply entry_of(std::span<const std::string_view> words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
  }
  redisReader* const reader = redisReaderCreate();
  redisReaderFeed(reader, bytes.data(), bytes.size());
  void* reply = nullptr;
  EXPECT_EQ(redisReaderGetReply(reader, &reply), REDIS_OK);
  redisReaderFree(reader);
  return RedisReply(static_cast<redisReply*>(reply));
}

EventPtr round_trip(const Event& event) {
  const EventRecord record = record_of(event);
  RedisWords words;
  append_entry_fields(record, words);
  const RedisReply entry = entry_of(words);
  EXPECT_TRUE(is_event_entry(entry.value()));
  auto read = event_from_entry(entry.value());
  EXPECT_TRUE(read) << read.error().detail;
  return read ? std::move(read).value() : nullptr;
}

EventBuilder minimal() {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  return builder;
}

TEST(EventRedis, KeepsAttributesHeadersAndBytes) {
  const std::string bytes("\0\xff\r\n\0", 5);
  EventBuilder builder = minimal();
  builder.set("subject", "\xc3\xa9 %").set("count", "5", AttributeType::integer);
  builder.set("yes", "true", AttributeType::boolean).set("partitionkey", "k");
  builder.set("datacontenttype", "application/x-bytes").header("traceparent", "00-a-b-01");
  builder.data(bytes, DataKind::bytes);
  const EventPtr before = builder.build();
  const EventPtr after = round_trip(*before);
  ASSERT_TRUE(after);
  std::vector<std::tuple<std::string, std::string, AttributeType>> was;
  std::vector<std::tuple<std::string, std::string, AttributeType>> is;
  before->for_each_attribute(
      [&](const Attribute& one) { was.emplace_back(one.name, one.value, one.type); });
  after->for_each_attribute(
      [&](const Attribute& one) { is.emplace_back(one.name, one.value, one.type); });
  EXPECT_THAT(is, testing::UnorderedElementsAreArray(was));
  EXPECT_EQ(after->header("traceparent"), "00-a-b-01");
  EXPECT_EQ(after->data(), bytes);
  EXPECT_EQ(after->data_kind(), DataKind::bytes);
}

TEST(EventRedis, TellsNoDataFromEmptyData) {
  EventBuilder without = minimal();
  EXPECT_EQ(round_trip(*without.build())->data_kind(), DataKind::none);
  EventBuilder empty = minimal();
  empty.data("", DataKind::bytes);
  EXPECT_EQ(round_trip(*empty.build())->data_kind(), DataKind::bytes);
}

TEST(EventRedis, RefusesWhatIsNoEventByName) {
  using Words = std::vector<std::string_view>;
  const std::vector<std::pair<Words, const char*>> table = {
      {{}, "ce_"},
      {{"data", "x"}, "ce_"},
      {{"ce_specversion", "1.0", "ce_id", "1", "ce_source", "/s"}, "type"},
      {{"ce_specversion", "1.0", "ce_id", "1", "ce_source", "/s", "ce_type"}, "type"},
      {{"ce_specversion", "7", "ce_id", "1", "ce_source", "/s", "ce_type", "t"}, "specversion"},
  };
  for (const auto& [words, expected] : table) {
    const RedisReply entry = entry_of(words);
    const auto event = event_from_entry(entry.value());
    ASSERT_FALSE(event) << expected;
    EXPECT_THAT(event.error().detail, testing::HasSubstr(expected));
  }
  const RedisReply foreign = entry_of(Words{"temperature", "20"});
  EXPECT_FALSE(is_event_entry(foreign.value()));
  EXPECT_FALSE(event_from_entry(RedisValue())) << "nil, as for an entry that was deleted";
}

}  // namespace
}  // namespace sluice

#endif
