// What is checked: which events a stream's entries become, and that an entry is acked when its
// delivery is, and kept for the next process when it is not.

#include "sources/source.h"

#include "event/event_redis.h"
#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/redis_server.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::HasSubstr;

class RedisStreamSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    auto server = RedisServer::start();
    if (!server) GTEST_SKIP() << server.error().detail;
    server_ = std::move(server).value();
    server_->cli({"XGROUP", "CREATE", "in", "g", "$", "MKSTREAM"});
  }

  void TearDown() override {
    if (reader_) stop();
  }

  Reader& start(std::map<std::string, std::string> overrides = {}) {
    SourceSpec spec;
    spec.kind = "RedisStreamSource";
    spec.spec = {{"address", server_->address()}, {"stream", "in"}, {"group", "g"}};
    spec.ce_overrides = std::move(overrides);
    ConsumerOptions options;
    options.core = &core_;
    auto reader = make_reader(spec, options);
    EXPECT_TRUE(reader) << reader.error().detail;
    reader_ = std::move(reader).value();
    return *reader_;
  }

  void stop() {
    run_task(core_, reader_->close());
    reader_.reset();
  }

  std::string add(std::vector<std::string> fields) {
    fields.insert(fields.begin(), {"XADD", "in", "*"});
    return server_->cli(fields);
  }

  std::unique_ptr<RedisServer> server_;
  TestCore test_core_;
  Core& core_ = test_core_.core;
  std::unique_ptr<Reader> reader_;
};

TEST_F(RedisStreamSourceTest, WrapsAnEntryAsKnativeDoes) {
  Reader& reader = start({{"region", "eu"}});
  const std::string id =
      server_->cli({"XADD", "in", "1763700000123-4", "temp", "20", "place", "\"a\""});
  const auto delivery = wait_for_next(core_, reader);
  const EventPtr event = delivery->event();
  EXPECT_EQ(event->id(), id);
  EXPECT_EQ(event->type(), "dev.knative.sources.redisstream");
  EXPECT_EQ(event->source(), server_->address() + "/in");
  EXPECT_EQ(attribute_of(event, "datacontenttype"), "application/json");
  EXPECT_EQ(attribute_of(event, "time"), "2025-11-21T04:40:00.123000000Z");
  EXPECT_EQ(attribute_of(event, "region"), "eu");
  EXPECT_EQ(event->data(), R"(["temp","20","place","\"a\""])");
  EXPECT_EQ(event->data_kind(), DataKind::json);
  delivery->ack();
}

TEST_F(RedisStreamSourceTest, KeepsBytesThatAreNotUtf8) {
  Reader& reader = start();
  add({"raw", "\xff\xfe"});
  const auto delivery = wait_for_next(core_, reader);
  EXPECT_EQ(delivery->event()->data(), R"(["raw",{"base64":"//4="}])");
  delivery->ack();
}

TEST_F(RedisStreamSourceTest, PassesOnAnEventAsItWas) {
  Reader& reader = start({{"region", "eu"}});
  const EventPtr before = make_event("1", {{"subject", "tea"}}, "bytes");
  const EventRecord record = record_of(*before);
  RedisWords words;
  append_entry_fields(record, words);
  add({words.begin(), words.end()});
  const auto delivery = wait_for_next(core_, reader);
  EXPECT_EQ(delivery->event()->id(), "1");
  EXPECT_EQ(delivery->event()->source(), "/shop");
  EXPECT_EQ(attribute_of(delivery->event(), "subject"), "tea");
  EXPECT_EQ(attribute_of(delivery->event(), "region"), "eu");
  EXPECT_EQ(delivery->event()->data(), "bytes");
  delivery->ack();
  // What says that it is an event, and is none, comes as an entry.
  const std::string id = add({"ce_specversion", "1.0", "ce_id", "2"});
  const auto broken = wait_for_next(core_, reader);
  EXPECT_EQ(broken->event()->id(), id);
  EXPECT_EQ(broken->event()->data(), R"(["ce_specversion","1.0","ce_id","2"])");
  broken->ack();
}

TEST_F(RedisStreamSourceTest, AcksWhatIsSettledAndKeepsItsPlaceOverARestart) {
  Reader& reader = start();
  const std::string first = add({"n", "1"});
  const std::string second = add({"n", "2"});
  {
    const auto done = wait_for_next(core_, reader);
    EXPECT_EQ(done->event()->id(), first);
    const auto open = wait_for_next(core_, reader);
    EXPECT_EQ(open->event()->id(), second);
    done->ack();
    stop();
  }
  EXPECT_FALSE(server_->cli({"XPENDING", "in", "g"}).starts_with("0"));
  const std::string third = add({"n", "3"});
  Reader& next = start();
  std::vector<std::string> ids;
  for (int i = 0; i < 2; ++i) {
    const auto delivery = wait_for_next(core_, next);
    ids.emplace_back(delivery->event()->id());
    delivery->ack();
  }
  EXPECT_THAT(ids, testing::UnorderedElementsAre(second, third));
  stop();
  EXPECT_TRUE(server_->cli({"XPENDING", "in", "g"}).starts_with("0"));
  core_.io().restart();
  core_.io().run();  // Comes back: a closed source has left nothing on its core.
}

TEST(RedisStreamSource, RefusesAWrongFieldByName) {
  TestCore core;
  ConsumerOptions options;
  options.core = &core.core;
  const std::vector<std::pair<nlohmann::json, const char*>> table = {
      {{{"stream", "s"}, {"group", "g"}}, "address:"},
      {{{"address", "redis://h"}, {"group", "g"}}, "stream: is missing"},
      {{{"address", "redis://h"}, {"stream", "s"}}, "group: is missing"},
      {{{"address", "redis://h"}, {"stream", 1}, {"group", "g"}}, "stream: want"},
      {{{"address", "redis://h"}, {"stream", "s"}, {"grup", "g"}}, "grup"},
  };
  for (const auto& [fields, expected] : table) {
    SourceSpec spec;
    spec.kind = "RedisStreamSource";
    spec.spec = fields;
    const auto reader = make_reader(spec, options);
    ASSERT_FALSE(reader) << fields;
    EXPECT_EQ(reader.error().code, Errc::invalid_argument);
    EXPECT_THAT(reader.error().detail, HasSubstr(expected));
  }
}

}  // namespace
}  // namespace sluice
