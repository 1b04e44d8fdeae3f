// What is checked: the same manifests run on memory, Redis or Kafka by changing the channel
// template: wherever a template may stand, its kind's own fields are read, and nothing else of the
// graph changes. Method: one set of manifests with each template.

#include "base/features.h"
#include "manifest/kind.h"
#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

struct Template {
  const char* kind;
  const char* version;
  const char* spec;
  const char* json;

  friend std::ostream& operator<<(std::ostream& out, const Template& made) {
    return out << made.kind;
  }
};

std::string inline_template(const Template& made) {
  return std::string("{apiVersion: ") + made.version + ", kind: " + made.kind +
         ", spec: " + made.spec + "}";
}

std::string manifests(const Template& made) {
  const std::string channel = inline_template(made);
  return R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: by-config}
spec: {config: {apiVersion: v1, kind: ConfigMap, name: made}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: made}
data:
  channel-template-spec: |
    apiVersion: )" +
         std::string(made.version) + "\n    kind: " + made.kind + "\n    spec: " + made.spec + R"(
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: by-template}
spec: {channelTemplate: )" +
         channel + R"(}
---
apiVersion: messaging.knative.dev/v1
kind: Channel
metadata: {name: pipe}
spec: {channelTemplate: )" +
         channel + R"(}
---
apiVersion: messaging.knative.dev/v1
kind: Subscription
metadata: {name: end}
spec:
  channel: {apiVersion: )" +
         made.version + ", kind: " + made.kind + R"(, name: pipe}
  subscriber: {uri: "http://127.0.0.1:9000/"}
---
apiVersion: flows.knative.dev/v1
kind: Sequence
metadata: {name: line}
spec: {steps: [{uri: "http://127.0.0.1:9000/"}], channelTemplate: )" +
         channel + R"(}
---
apiVersion: flows.knative.dev/v1
kind: Parallel
metadata: {name: fork}
spec: {branches: [{subscriber: {uri: "http://127.0.0.1:9000/"}}], channelTemplate: )" +
         channel + "}\n";
}

std::string template_name(const testing::TestParamInfo<Template>& info) { return info.param.kind; }

class ChannelTemplateTest : public testing::TestWithParam<Template> {};

TEST_P(ChannelTemplateTest, IsReadByItsKindWhereverItStands) {
  const Template& made = GetParam();
  const Backend backend = find_kind(made.kind)->backend;
  if (backend == Backend::kafka && !kHasKafka) GTEST_SKIP() << "this build has no Kafka";
  if (backend == Backend::redis && !kHasRedis) GTEST_SKIP() << "this build has no Redis";
  ManifestOptions options;
  options.kafka_bootstrap_servers = "h:9092";
  const auto loaded = load(manifests(made), options);
  ASSERT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  const ResourceGraph& graph = loaded.graph;
  const auto json = nlohmann::json::parse(made.json);
  ASSERT_EQ(graph.brokers.size(), 2U);
  const std::vector<const ChannelSpec*> channels = {
      &graph.brokers[0].channel, &graph.brokers[1].channel, &graph.channels[0].channel,
      &graph.sequences[0].channel_template, &graph.parallels[0].channel_template};
  for (const ChannelSpec* channel : channels) {
    EXPECT_EQ(channel->kind, made.kind);
    EXPECT_EQ(channel->ns, "default");
    EXPECT_EQ(channel->spec, json);
  }
  EXPECT_EQ(graph.brokers[1].channel.name, "by-template-kne-trigger");
  // A ref to the kind that backs a Channel leads to the Channel.
  ASSERT_EQ(graph.channels[0].subscriptions.size(), 1U);
  EXPECT_EQ(graph.channels[0].subscriptions[0].delivery.retry, 3);
  EXPECT_EQ(graph.sequences[0].steps[0].delivery.retry, 3);
  EXPECT_EQ(graph.parallels[0].branches[0].subscriber.delivery.retry, 3);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ChannelTemplateTest,
    testing::Values(
        Template{"InMemoryChannel", "messaging.knative.dev/v1", "{delivery: {retry: 3}}", "{}"},
        Template{"KafkaChannel", "messaging.knative.dev/v1beta1",
                 "{numPartitions: 4, delivery: {retry: 3}}",
                 R"({"bootstrapServers": "h:9092", "numPartitions": 4, "replicationFactor": 1,
                     "retentionDuration": "PT168H", "properties": {}})"},
        Template{"RedisChannel", "sluice.dev/v1alpha1",
                 "{address: \"redis://h\", delivery: {retry: 3}}",
                 R"({"address": "redis://h", "sessionTimeout": "PT10S"})"}),
    template_name);

TEST(Backends, AreNamedWithTheOptionThatBuildsThem) {
  const auto kafka = lacking_backend("KafkaChannel", Backend::kafka);
  EXPECT_EQ(kafka.text, "KafkaChannel: this build has no Kafka");
  EXPECT_EQ(kafka.hint, "build with -DSLUICE_KAFKA=ON (librdkafka-dev)");
  const auto redis = lacking_backend("RedisChannel", Backend::redis);
  EXPECT_EQ(redis.text, "RedisChannel: this build has no Redis");
  EXPECT_EQ(redis.hint, "build with -DSLUICE_REDIS=ON (libhiredis-dev)");
}

TEST(Backends, AreWhatEachKindOfKafkaAndRedisNeeds) {
  for (const KindInfo& kind : all_kinds()) {
    const bool kafka = kind.kind.starts_with("Kafka");
    const bool redis = kind.kind.starts_with("Redis");
    const Backend wanted = kafka ? Backend::kafka : redis ? Backend::redis : Backend::none;
    EXPECT_EQ(kind.backend, wanted) << kind.kind;
  }
}

}  // namespace
}  // namespace sluice
