// What is checked: events become entries, failures become attempts that are tried again, and an
// idle sink keeps nothing on its core.

#include "sinks/sink.h"

#include "tests/support/events.h"
#include "tests/support/redis_server.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::HasSubstr;

SinkSpec spec_of(const std::string& address) {
  SinkSpec spec;
  spec.kind = "RedisStreamSink";
  spec.spec = {{"address", address}, {"stream", "out"}};
  return spec;
}

TEST(RedisStreamSink, RefusesAWrongFieldByName) {
  const std::vector<std::pair<nlohmann::json, const char*>> table = {
      {{{"address", "redis://h"}}, "stream: is missing"},
      {{{"stream", "s"}}, "address:"},
      {{{"address", "rediss://h"}, {"stream", "s"}}, "stunnel"},
      {{{"address", "redis://h"}, {"stream", 7}}, "stream: want"},
      {{{"address", "redis://h"}, {"stream", "s"}, {"streem", "s"}}, "'streem'"},
  };
  for (const auto& [fields, expected] : table) {
    SinkSpec spec = spec_of("");
    spec.spec = fields;
    const auto sink = make_sink(spec, "http://sink/");
    ASSERT_FALSE(sink) << fields;
    EXPECT_EQ(sink.error().code, Errc::invalid_argument);
    EXPECT_THAT(sink.error().detail, HasSubstr(expected));
  }
}

TEST(RedisStreamSink, WritesAnEntryAndSaysWhenItCannot) {
  auto started = RedisServer::start({"--requirepass", "geheim"});
  if (!started) GTEST_SKIP() << started.error().detail;
  RedisServer& server = *started.value();
  TestCore test_core;
  Core& core = test_core.core;
  const auto sink = make_sink(spec_of(server.address(":geheim@")), "http://sink/").value();
  EXPECT_EQ(sink->url(), "http://sink/");
  const auto send = [&](const EventPtr& event) {
    return run_task(core, sink->send(event, kNever));
  };

  const Attempt sent = send(make_event("1", {{"subject", "tea"}}, "{\"n\":1}"));
  EXPECT_EQ(sent.status, 202) << sent.detail;
  EXPECT_FALSE(sent.reply);
  const std::string entries = server.cli({"XRANGE", "out", "-", "+"}, "default:geheim@");
  for (const char* text : {"ce_id", "ce_subject", "tea", "data", "{\"n\":1}"}) {
    EXPECT_THAT(entries, HasSubstr(text));
  }
  core.io().restart();
  core.io().run();  // Comes back: an idle sink waits for nothing.

  server.cli({"SET", "other", "x"}, "default:geheim@");
  SinkSpec wrong_key = spec_of(server.address("default:geheim@"));
  wrong_key.spec["stream"] = "other";
  const auto bad = make_sink(wrong_key, "http://bad/").value();
  const Attempt refused = run_task(core, bad->send(make_event("1"), kNever));
  EXPECT_EQ(refused.status, 500);
  EXPECT_THAT(refused.detail, HasSubstr("WRONGTYPE"));

  const auto stranger = make_sink(spec_of(server.address()), "http://stranger/").value();
  const Attempt unknown = run_task(core, stranger->send(make_event("1"), kNever));
  EXPECT_EQ(unknown.status, 503);
  EXPECT_THAT(unknown.detail, HasSubstr("NOAUTH"));

  server.kill();
  const Attempt away = send(make_event("2"));
  EXPECT_EQ(away.status, 503);
  EXPECT_TRUE(is_retryable(away.status));
  EXPECT_THAT(away.detail, testing::Not(HasSubstr("geheim")));
}

}  // namespace
}  // namespace sluice
