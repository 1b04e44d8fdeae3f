// What is checked: RedisChannel, RedisStreamSource and RedisStreamSink become what their factories
// read: every field and every default. Method: manifests in, specs out.

#include "tests/manifest/manifest_support.h"

#include <cstdlib>

namespace sluice {
namespace {

#if SLUICE_HAS_REDIS

ResourceGraph graph_of(const std::string& text) {
  auto loaded = load(text);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  return std::move(loaded.graph);
}

TEST(RedisChannel, HasDefaults) {
  const auto graph = graph_of(R"(
apiVersion: sluice.dev/v1alpha1
kind: RedisChannel
metadata: {name: pipe, namespace: shop}
spec: {address: "redis://h:6379"}
)");
  ASSERT_EQ(graph.channels.size(), 1U);
  const ChannelSpec& channel = graph.channels[0].channel;
  EXPECT_EQ(channel.kind, "RedisChannel");
  EXPECT_EQ(channel.ns, "shop");
  EXPECT_EQ(channel.name, "pipe");
  EXPECT_EQ(channel.capacity_events, 1'000'000U);
  EXPECT_EQ(channel.spec,
            nlohmann::json::parse(R"({"address": "redis://h:6379", "sessionTimeout": "PT10S"})"));
  EXPECT_EQ(graph.resources[0].path, "/shop/channels/pipe");
}

TEST(RedisChannel, ReadsEveryField) {
  const auto graph = graph_of(R"(
apiVersion: sluice.dev/v1alpha1
kind: RedisChannel
metadata: {name: pipe}
spec:
  address: "redis://me:p%40ss@[::1]:7000/3"
  maxLength: 50
  sessionTimeout: PT2S
  delivery: {retry: 4}
---
apiVersion: messaging.knative.dev/v1
kind: Subscription
metadata: {name: end}
spec:
  channel: {apiVersion: sluice.dev/v1alpha1, kind: RedisChannel, name: pipe}
  subscriber: {uri: "http://127.0.0.1:9000/"}
)");
  const ChannelSpec& channel = graph.channels[0].channel;
  EXPECT_EQ(channel.capacity_events, 50U);
  EXPECT_EQ(channel.spec["address"], "redis://me:p%40ss@[::1]:7000/3");
  EXPECT_EQ(channel.spec["maxLength"], 50);
  EXPECT_TRUE(channel.spec["maxLength"].is_number_unsigned());
  EXPECT_EQ(channel.spec["sessionTimeout"], "PT2S");
  ASSERT_EQ(graph.channels[0].subscriptions.size(), 1U);
  EXPECT_EQ(graph.channels[0].subscriptions[0].delivery.retry, 4);
}

TEST(RedisChannel, HasTheCapacityOfItsAnnotationWhereNoLengthIsSaid) {
  const auto graph = graph_of(R"(
apiVersion: sluice.dev/v1alpha1
kind: RedisChannel
metadata: {name: pipe, annotations: {sluice.dev/capacity-events: 2k}}
spec: {address: "redis://h"}
)");
  EXPECT_EQ(graph.channels[0].channel.capacity_events, 2000U);
  EXPECT_FALSE(graph.channels[0].channel.spec.contains("maxLength"));
}

TEST(RedisStreamSource, HasDefaultsAndANameThatStays) {
  const auto graph = graph_of(R"(
apiVersion: sources.knative.dev/v1alpha1
kind: RedisStreamSource
metadata: {name: in, namespace: shop}
spec: {address: "redis://h", stream: clicks, sink: {uri: "http://127.0.0.1:9000/"}}
)");
  ASSERT_EQ(graph.reading_sources.size(), 1U);
  const ReadingSourceSpec& source = graph.reading_sources[0];
  EXPECT_EQ(source.source.kind, "RedisStreamSource");
  EXPECT_EQ(source.source.spec,
            nlohmann::json::parse(R"({"address": "redis://h", "stream": "clicks",
                                      "group": "knative-redis-source-shop-in"})"));
  EXPECT_EQ(source.readers, 1U);
  EXPECT_FALSE(source.dispatch.ordered);
  EXPECT_EQ(source.dispatch.subscriber.address, "http://127.0.0.1:9000/");
  EXPECT_EQ(source.dispatch.delivery.retry, 5);
  EXPECT_EQ(source.dispatch.delivery.backoff_policy, BackoffPolicy::exponential);
  EXPECT_EQ(source.dispatch.delivery.backoff_delay, std::chrono::milliseconds(50));
}

TEST(RedisStreamSource, ReadsEveryField) {
  const auto graph = graph_of(R"(
apiVersion: sources.knative.dev/v1alpha1
kind: RedisStreamSource
metadata:
  name: in
  annotations:
    kafka.eventing.knative.dev/delivery.order: ordered
    sluice.dev/max-in-flight: "2"
spec:
  address: "redis://h"
  stream: clicks
  group: mine
  consumers: 64
  delivery: {retry: 1}
  ceOverrides: {extensions: {shop: north}}
  sink: {uri: "http://127.0.0.1:9000/"}
)");
  const ReadingSourceSpec& source = graph.reading_sources[0];
  EXPECT_EQ(source.source.spec["group"], "mine");
  EXPECT_EQ(source.source.ce_overrides.at("shop"), "north");
  EXPECT_EQ(source.readers, 64U);
  EXPECT_TRUE(source.dispatch.ordered);
  EXPECT_EQ(source.dispatch.max_in_flight, 2U);
  EXPECT_EQ(source.dispatch.delivery.retry, 1);
}

TEST(RedisStreamSink, ReadsEveryField) {
  const auto graph = graph_of(R"(
apiVersion: sinks.knative.dev/v1alpha1
kind: RedisStreamSink
metadata: {name: out, namespace: shop}
spec: {address: "redis://h:6379", stream: shipped}
)");
  ASSERT_EQ(graph.sinks.size(), 1U);
  EXPECT_EQ(graph.sinks[0].kind, "RedisStreamSink");
  EXPECT_EQ(graph.sinks[0].spec,
            nlohmann::json::parse(R"({"address": "redis://h:6379", "stream": "shipped"})"));
  EXPECT_EQ(graph.resources[0].path, "/shop/sinks/out");
}

// A finding quotes the line that it is about: not the one with a password.
TEST(RedisAddress, IsNotQuotedWhereAPasswordStandsInIt) {
  const auto loaded = load(R"(
apiVersion: sinks.knative.dev/v1alpha1
kind: RedisStreamSink
metadata: {name: out}
spec:
  stream: s
  address: "redis://me:hunter2@h:port"
)");
  ASSERT_TRUE(loaded.report.has_errors());
  EXPECT_EQ(to_text(loaded.report).find("hunter2"), std::string::npos) << describe(loaded.report);
  EXPECT_EQ(to_json(loaded.report).find("hunter2"), std::string::npos);
  EXPECT_EQ(findings_of(loaded.report, Severity::error).at(0).line, 7);
}

TEST(RedisAddress, IsNotQuotedByAFindingBesideIt) {
  const auto loaded = load(R"(
apiVersion: sinks.knative.dev/v1alpha1
kind: RedisStreamSink
metadata: {name: out}
spec: {address: "redis://me:hunter2@h", stream: s, strem: s}
)");
  ASSERT_TRUE(loaded.report.has_errors());
  EXPECT_EQ(to_text(loaded.report).find("hunter2"), std::string::npos) << describe(loaded.report);
}

TEST(RedisAddress, IsPointedAtWhereOnlyAVariableStandsThere) {
  ASSERT_EQ(setenv("SLUICE_TEST_REDIS", "redis://me:hunter2@h:port", 1), 0);
  const auto loaded = load(R"(
apiVersion: sinks.knative.dev/v1alpha1
kind: RedisStreamSink
metadata: {name: out}
spec:
  stream: s
  address: ${SLUICE_TEST_REDIS}
)");
  unsetenv("SLUICE_TEST_REDIS");
  const auto errors = findings_of(loaded.report, Severity::error);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].line, 7);
  EXPECT_EQ(to_text(loaded.report).find("hunter2"), std::string::npos) << describe(loaded.report);
}

#else

TEST(RedisKinds, AreRefusedWhereTheyStand) {
  expect_refused({"",
                  "apiVersion: sinks.knative.dev/v1alpha1\nkind: RedisStreamSink\n"
                  "metadata: {name: s}\nspec: {stream: t, address: \"redis://h\"}\n",
                  2, 7, "RedisStreamSink: this build has no Redis", "-DSLUICE_REDIS=ON"});
}

#endif

}  // namespace
}  // namespace sluice
