// What is checked: KafkaChannel, KafkaSource and KafkaSink become what their factories read: every
// field, every default, the ConfigMap and the Secrets they refer to. Method: manifests in, specs
// out; what librdkafka itself takes is asked of it.

#include "base/features.h"
#include "manifest/kafka_properties.h"
#include "tests/manifest/manifest_support.h"

#if SLUICE_HAS_KAFKA
#include <librdkafka/rdkafka.h>
#endif

#include <limits>

namespace sluice {
namespace {

#if SLUICE_HAS_KAFKA

ResourceGraph graph_of(const std::string& text, const ManifestOptions& options = {}) {
  auto loaded = load(text, options);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  return std::move(loaded.graph);
}

constexpr const char* kConfig = R"(
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kafka-channel-config, namespace: knative-eventing}
data:
  bootstrap.servers: "kafka-1:9092, kafka-2:9093"
  linger.ms: "5"
  compression.type: lz4
)";

constexpr const char* kChannel = R"(
apiVersion: messaging.knative.dev/v1beta1
kind: KafkaChannel
metadata: {name: pipe}
)";

TEST(KafkaChannel, HasKnativesDefaults) {
  const auto graph = graph_of(std::string(kChannel) + kConfig);
  ASSERT_EQ(graph.channels.size(), 1U);
  const ChannelSpec& channel = graph.channels[0].channel;
  EXPECT_EQ(channel.kind, "KafkaChannel");
  EXPECT_EQ(channel.ns, "default");
  EXPECT_EQ(channel.name, "pipe");
  EXPECT_EQ(channel.capacity_events, std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(channel.spec, nlohmann::json::parse(R"({
    "bootstrapServers": "kafka-1:9092,kafka-2:9093", "numPartitions": 1, "replicationFactor": 1,
    "retentionDuration": "PT168H", "properties": {"linger.ms": "5", "compression.type": "lz4"}
  })"));
  EXPECT_EQ(graph.resources[0].path, "/default/channels/pipe");
}

TEST(KafkaChannel, ReadsEveryField) {
  const auto graph = graph_of(R"(
apiVersion: messaging.knative.dev/v1beta1
kind: KafkaChannel
metadata: {name: pipe, annotations: {sluice.dev/capacity-events: "7"}}
spec: {numPartitions: 12, replicationFactor: 3, retentionDuration: P2D, delivery: {retry: 4}}
---
apiVersion: messaging.knative.dev/v1
kind: Subscription
metadata: {name: end}
spec:
  channel: {apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel, name: pipe}
  subscriber: {uri: "http://127.0.0.1:9000/"}
)" + std::string(kConfig));
  ASSERT_EQ(graph.channels.size(), 1U);
  const ChannelSpec& channel = graph.channels[0].channel;
  EXPECT_EQ(channel.capacity_events, 7U);
  EXPECT_EQ(channel.spec["numPartitions"], 12);
  EXPECT_EQ(channel.spec["replicationFactor"], 3);
  EXPECT_EQ(channel.spec["retentionDuration"], "P2D");
  ASSERT_EQ(graph.channels[0].subscriptions.size(), 1U);
  EXPECT_EQ(graph.channels[0].subscriptions[0].delivery.retry, 4);
}

TEST(KafkaChannel, IsFoundByTheFlagBeforeTheConfigMap) {
  ManifestOptions options;
  options.kafka_bootstrap_servers = "flag:9092";
  const auto alone = graph_of(kChannel, options);
  EXPECT_EQ(alone.channels[0].channel.spec["bootstrapServers"], "flag:9092");
  const auto both = graph_of(std::string(kChannel) + kConfig, options);
  EXPECT_EQ(both.channels[0].channel.spec["bootstrapServers"], "flag:9092");
  EXPECT_EQ(both.channels[0].channel.spec["properties"]["linger.ms"], "5");
}

TEST(KafkaChannel, IsFoundByTheConfigMapOfItsOwnNamespaceFirst) {
  const auto graph = graph_of(std::string(kChannel) + kConfig + R"(
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kafka-channel-config}
data: {bootstrap.servers: "near:9092"}
)");
  EXPECT_EQ(graph.channels[0].channel.spec["bootstrapServers"], "near:9092");
  EXPECT_EQ(graph.channels[0].channel.spec["properties"], nlohmann::json::object());
}

TEST(KafkaChannel, LogsInAsTheSecretOfItsConfigMapSays) {
  // "dXNlcg==" is "user"; stringData wins over data.
  const auto graph = graph_of(std::string(kChannel) + R"(
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kafka-channel-config}
data:
  bootstrap.servers: h:9092
  auth.secret.ref.name: login
  auth.secret.ref.namespace: vault
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: vault}
data:
  user: |
    dXNl
    cg==
  password: b2xk
  ca.crt: Q0E=
stringData:
  protocol: SASL_SSL
  sasl.mechanism: SCRAM-SHA-512
  password: new
  user.crt: C
  user.key: K
)");
  EXPECT_EQ(graph.channels[0].channel.spec["properties"], nlohmann::json::parse(R"({
    "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "user",
    "sasl.password": "new", "ssl.ca.pem": "CA", "ssl.certificate.pem": "C", "ssl.key.pem": "K"
  })"));
}

TEST(KafkaSecret, LeavesOutWhatTheProtocolDoesNotUse) {
  const auto properties = [](const std::string& keys) {
    const auto graph = graph_of(R"(
apiVersion: eventing.knative.dev/v1alpha1
kind: KafkaSink
metadata: {name: out}
spec: {topic: t, bootstrapServers: ["h:9092"], auth: {secret: {ref: {name: s}}}}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {user: u, password: p, sasl.mechanism: PLAIN, ca.crt: A, user.crt: C, user.key: K, )" +
                                keys + "}\n");
    return graph.sinks[0].spec["properties"];
  };
  EXPECT_EQ(properties("protocol: PLAINTEXT"),
            nlohmann::json::parse(R"({"security.protocol": "PLAINTEXT"})"));
  EXPECT_EQ(properties("protocol: SASL_PLAINTEXT").size(), 4U);
  EXPECT_EQ(properties("protocol: SSL").size(), 4U);
  EXPECT_EQ(properties("protocol: SSL, user.skip: \"true\"").size(), 2U);
}

TEST(KafkaSource, HasKnativesDefaultsAndANameThatStays) {
  for (const std::string version : {"v1", "v1beta1"}) {
    const auto graph = graph_of("apiVersion: sources.knative.dev/" + version + R"(
kind: KafkaSource
metadata: {name: in, namespace: shop}
spec: {topics: [a], bootstrapServers: ["h:9092"], sink: {uri: "http://127.0.0.1:9000/"}}
)");
    ASSERT_EQ(graph.reading_sources.size(), 1U);
    const ReadingSourceSpec& source = graph.reading_sources[0];
    EXPECT_EQ(source.readers, 1U);
    EXPECT_EQ(source.source.kind, "KafkaSource");
    EXPECT_EQ(source.source.ns, "shop");
    EXPECT_EQ(source.source.name, "in");
    EXPECT_EQ(source.source.sink.address, "http://127.0.0.1:9000/");
    EXPECT_EQ(source.source.spec, nlohmann::json::parse(R"({
      "bootstrapServers": "h:9092", "topics": ["a"], "initialOffset": "latest",
      "consumerGroup": "knative-kafka-source-shop-in", "keyType": "string", "properties": {}
    })"));
    EXPECT_EQ(source.dispatch.ns, "shop");
    EXPECT_EQ(source.dispatch.name, "in");
    EXPECT_EQ(source.dispatch.subscriber.address, "http://127.0.0.1:9000/");
    EXPECT_FALSE(source.dispatch.reply);
    EXPECT_FALSE(source.dispatch.filter);
    EXPECT_TRUE(source.dispatch.ordered);
    EXPECT_EQ(source.dispatch.max_in_flight, 64U);
    EXPECT_EQ(source.dispatch.plain_reply, PlainReply::ignore);
    EXPECT_EQ(source.dispatch.delivery.retry, 10);
    EXPECT_EQ(source.dispatch.delivery.backoff_policy, BackoffPolicy::exponential);
    EXPECT_EQ(source.dispatch.delivery.backoff_delay, std::chrono::seconds(10));
    EXPECT_EQ(source.dispatch.delivery.timeout, std::chrono::seconds(600));
  }
}

TEST(KafkaSource, ReadsEveryField) {
  const auto graph = graph_of(R"(
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata:
  name: in
  labels: {kafkasources.sources.knative.dev/key-type: byte-array}
  annotations: {sluice.dev/max-in-flight: "9"}
spec:
  topics: [a, b.c_d-E]
  bootstrapServers: ["h:9092", "[::1]:9093,i:9094"]
  consumerGroup: mine
  consumers: 3
  initialOffset: earliest
  ordering: unordered
  delivery: {retry: 2, deadLetterSink: {uri: "http://127.0.0.1:9001/"}}
  ceOverrides: {extensions: {shop: north}}
  net:
    sasl:
      enable: true
      user: {secretKeyRef: {name: s, key: u}}
      password: {secretKeyRef: {name: s, key: p}}
      type: {secretKeyRef: {name: s, key: t}}
    tls:
      enable: true
      caCert: {secretKeyRef: {name: s, key: ca}}
      cert: {secretKeyRef: {name: s, key: c}}
      key: {secretKeyRef: {name: s, key: k}}
  sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: orders}}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {u: me, p: secret, t: SCRAM-SHA-256, ca: A, c: C, k: K}
)" + kDeclared);
  const ReadingSourceSpec& source = graph.reading_sources[0];
  EXPECT_EQ(source.readers, 3U);
  EXPECT_EQ(source.source.ce_overrides.at("shop"), "north");
  EXPECT_EQ(source.dispatch.subscriber.address, "/default/orders");
  EXPECT_FALSE(source.dispatch.ordered);
  EXPECT_EQ(source.dispatch.max_in_flight, 9U);
  EXPECT_EQ(source.dispatch.delivery.retry, 2);
  EXPECT_EQ(source.dispatch.delivery.dead_letter_sink->address, "http://127.0.0.1:9001/");
  EXPECT_EQ(source.source.spec, nlohmann::json::parse(R"({
    "bootstrapServers": "h:9092,[::1]:9093,i:9094", "topics": ["a", "b.c_d-E"],
    "initialOffset": "earliest", "consumerGroup": "mine", "keyType": "byte-array",
    "properties": {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-256",
      "sasl.username": "me", "sasl.password": "secret", "ssl.ca.pem": "A",
      "ssl.certificate.pem": "C", "ssl.key.pem": "K"}
  })"));
}

TEST(KafkaSource, LogsInWithPlainWhereNoTypeIsGiven) {
  const auto graph = graph_of(R"(
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata: {name: in}
spec:
  topics: [a]
  bootstrapServers: ["h:9092"]
  net:
    sasl:
      enable: true
      user: {secretKeyRef: {name: s, key: u}}
      password: {secretKeyRef: {name: s, key: u}}
  sink: {uri: "http://127.0.0.1:9000/"}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {u: me}
)");
  const auto& properties = graph.reading_sources[0].source.spec["properties"];
  EXPECT_EQ(properties["security.protocol"], "SASL_PLAINTEXT");
  EXPECT_EQ(properties["sasl.mechanism"], "PLAIN");
}

// As an API server prints what was left out: empty objects.
TEST(KafkaSource, TakesNetOfAClusterForNoLogin) {
  for (const char* enable : {"", "enable: false, "}) {
    const auto loaded = load(R"(
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata: {name: in}
spec:
  topics: [a]
  bootstrapServers: ["h:9092"]
  net:
    sasl: {)" + std::string(enable) +
                             "password: {}, type: {}, user: {}}\n    tls: {" + enable +
                             "caCert: {}, cert: {}, key: {}}\n  sink: {uri: \"http://h/\"}\n");
    EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
    EXPECT_EQ(loaded.graph.reading_sources.at(0).source.spec["properties"],
              nlohmann::json::object());
  }
}

TEST(KafkaSource, TakesEmptyObjectsForAbsentWhereTlsIsOn) {
  const auto graph = graph_of(R"(
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata: {name: in}
spec:
  topics: [a]
  bootstrapServers: ["h:9092"]
  net:
    sasl: {password: {}, type: {}, user: {}}
    tls: {enable: true, caCert: {}, cert: {}, key: {}}
  sink: {uri: "http://127.0.0.1:9000/"}
)");
  EXPECT_EQ(graph.reading_sources.at(0).source.spec["properties"],
            nlohmann::json::parse(R"({"security.protocol": "SSL"})"));
}

TEST(KafkaChannel, IgnoresItsSubscribers) {
  const auto loaded = load(std::string(kChannel) + R"(
spec: {subscribers: [{uid: 1, generation: 1, subscriberUri: "http://h/"}]}
)" + kConfig);
  EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
}

TEST(KafkaSource, IsToldOfNetThatIsNotSwitchedOn) {
  const auto loaded = load(R"(
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata: {name: in}
spec:
  topics: [a]
  bootstrapServers: ["h:9092"]
  net: {tls: {caCert: {secretKeyRef: {name: s, key: k}}}}
  sink: {uri: "http://127.0.0.1:9000/"}
)");
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  const auto warnings = findings_of(loaded.report, Severity::warning);
  ASSERT_EQ(warnings.size(), 1U) << describe(loaded.report);
  EXPECT_NE(warnings[0].message.find("it is not switched on"), std::string::npos);
}

TEST(KafkaSink, HasDefaultsAndAnAddress) {
  const auto graph = graph_of(R"(
apiVersion: eventing.knative.dev/v1alpha1
kind: KafkaSink
metadata: {name: out, namespace: shop}
spec: {topic: orders, bootstrapServers: ["h:9092"]}
)");
  ASSERT_EQ(graph.sinks.size(), 1U);
  EXPECT_EQ(graph.sinks[0].kind, "KafkaSink");
  EXPECT_EQ(graph.sinks[0].ns, "shop");
  EXPECT_EQ(graph.sinks[0].name, "out");
  EXPECT_EQ(graph.sinks[0].spec, nlohmann::json::parse(R"({
    "topic": "orders", "bootstrapServers": "h:9092", "contentMode": "binary", "properties": {}
  })"));
  EXPECT_EQ(graph.resources[0].path, "/shop/sinks/out");
}

TEST(KafkaSink, ReadsEveryField) {
  const auto graph = graph_of(R"(
apiVersion: eventing.knative.dev/v1alpha1
kind: KafkaSink
metadata: {name: out}
spec:
  topic: orders
  bootstrapServers: ["h:9092"]
  contentMode: structured
  numPartitions: 6
  replicationFactor: 2
  auth: {secret: {ref: {name: login}}}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {protocol: SASL_PLAINTEXT, sasltype: PLAIN, username: u, password: p}
)");
  EXPECT_EQ(graph.sinks[0].spec, nlohmann::json::parse(R"({
    "topic": "orders", "bootstrapServers": "h:9092", "contentMode": "structured",
    "numPartitions": 6, "replicationFactor": 2,
    "properties": {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
      "sasl.username": "u", "sasl.password": "p"}
  })"));
}

TEST(KafkaProperties, AreTakenByLibrdkafkaWithinTheirBounds) {
  for (const KafkaProperty& property : kafka_properties()) {
    std::vector<std::string> values(property.words.begin(), property.words.end());
    if (property.max > 0) values = {std::to_string(property.min), std::to_string(property.max)};
    if (values.empty()) values = {"any"};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const std::string& value : values) {
      char why[512] = "";
      EXPECT_EQ(rd_kafka_conf_set(conf, std::string(property.name).c_str(), value.c_str(), why,
                                  sizeof(why)),
                RD_KAFKA_CONF_OK)
          << why;
    }
    rd_kafka_conf_destroy(conf);
  }
}
#else

TEST(KafkaKinds, AreRefusedWhereTheyStand) {
  expect_refused({"",
                  "apiVersion: eventing.knative.dev/v1alpha1\nkind: KafkaSink\n"
                  "metadata: {name: s}\nspec: {topic: t, bootstrapServers: [\"h:1\"]}\n",
                  2, 7, "KafkaSink: this build has no Kafka", "-DSLUICE_KAFKA=ON"});
}

#endif

}  // namespace
}  // namespace sluice
