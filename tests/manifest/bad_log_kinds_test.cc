// What is checked: the fields of the kinds on Kafka and Redis, their ConfigMap and their Secrets.
// Each manifest has one fault; it is found where it stands and brings no second error with it; no
// finding tells a secret. Method: load_manifest_text() on a head of three lines and a spec from
// line 4 on.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

struct BadSpec {
  const char* name;
  const char* kind;
  const char* spec;  // From line 4 on.
  int line;
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadSpec& bad) { return out << bad.name; }
};

std::string head(const std::string& kind) {
  std::string group = "v1";
  if (kind == "Broker") group = "eventing.knative.dev/v1";
  if (kind == "KafkaChannel") group = "messaging.knative.dev/v1beta1";
  if (kind == "RedisChannel") group = "sluice.dev/v1alpha1";
  if (kind == "KafkaSource") group = "sources.knative.dev/v1";
  if (kind == "RedisStreamSource") group = "sources.knative.dev/v1alpha1";
  if (kind == "KafkaSink") group = "eventing.knative.dev/v1alpha1";
  if (kind == "RedisStreamSink") group = "sinks.knative.dev/v1alpha1";
  return "apiVersion: " + group + "\nkind: " + kind + "\nmetadata: {name: it}\n";
}

constexpr const char* kSecret = R"(
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {u: me, none: "", word: hunter2}
)";

class BadLogSpec : public testing::TestWithParam<BadSpec> {};
// A build without Kafka and Redis refuses the kinds before it looks at their fields.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BadLogSpec);

TEST_P(BadLogSpec, IsRefusedWhereItIsBad) {
  const BadSpec& bad = GetParam();
  const std::string text = head(bad.kind) + bad.spec + kSecret;
  ManifestOptions options;
  options.kafka_bootstrap_servers = "h:9092";
  expect_refused({bad.name, text.c_str(), bad.line, bad.column, bad.message_part, bad.hint_part},
                 options);
  const std::string report = to_text(load(text, options).report);
  EXPECT_EQ(report.find("hun%ter"), std::string::npos) << report;
}

[[maybe_unused]] std::string spec_name(const testing::TestParamInfo<BadSpec>& info) {
  return info.param.name;
}

#if SLUICE_HAS_KAFKA
#define TO "sink: {uri: \"http://h/\"}"
#define AT "bootstrapServers: [\"h:9092\"]"

INSTANTIATE_TEST_SUITE_P(
    KafkaChannel, BadLogSpec,
    testing::Values(BadSpec{"NoPartitions", "KafkaChannel", "spec: {numPartitions: 0}\n", 4, 23,
                            "'numPartitions' wants a whole number from 1 to 10000, not '0'"},
                    BadSpec{"PartitionsAreAWord", "KafkaChannel", "spec: {numPartitions: many}\n",
                            4, 23, "'numPartitions' wants a whole number"},
                    BadSpec{"NoReplica", "KafkaChannel", "spec: {replicationFactor: 0}\n", 4, 27,
                            "'replicationFactor' wants a whole number from 1 to 100"},
                    BadSpec{"RetentionInHours", "KafkaChannel", "spec: {retentionDuration: 168h}\n",
                            4, 27, "'retentionDuration': '168h' is not a duration"},
                    BadSpec{"RetentionIsZero", "KafkaChannel", "spec: {retentionDuration: PT0S}\n",
                            4, 27, "'retentionDuration' wants a duration longer than PT0S"},
                    BadSpec{"Misspelt", "KafkaChannel", "spec: {numPartition: 1}\n", 4, 8,
                            "unknown field 'numPartition' in KafkaChannel spec",
                            "did you mean 'numPartitions'?"},
                    BadSpec{"Delivery", "KafkaChannel", "spec: {delivery: {retry: x}}\n", 4, 26,
                            "'retry' wants a whole number"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    KafkaSource, BadLogSpec,
    testing::Values(
        BadSpec{"NoSpec", "KafkaSource", "", 1, 1, "missing field 'spec' in KafkaSource",
                "topics and bootstrapServers and sink"},
        BadSpec{"NoTopics", "KafkaSource", "spec: {" AT ", " TO "}\n", 4, 1,
                "missing field 'topics' in KafkaSource spec"},
        BadSpec{"EmptyTopics", "KafkaSource", "spec: {topics: [], " AT ", " TO "}\n", 4, 16,
                "'topics' is empty"},
        BadSpec{"TopicIsNoName", "KafkaSource", "spec: {topics: [a, \"b c\"], " AT ", " TO "}\n", 4,
                20, "'b c' cannot be a topic's name", "letters, digits"},
        BadSpec{"NoServers", "KafkaSource", "spec: {topics: [a], " TO "}\n", 4, 1,
                "missing field 'bootstrapServers'"},
        BadSpec{"ServersAreAText", "KafkaSource",
                "spec: {topics: [a], bootstrapServers: \"h:9092\", " TO "}\n", 4, 39,
                "'bootstrapServers' wants a list, not 'h:9092'"},
        BadSpec{"ServerWithoutPort", "KafkaSource",
                "spec: {topics: [a], bootstrapServers: [kafka], " TO "}\n", 4, 40,
                "'kafka' is not HOST:PORT: there is no port; write kafka:9092"},
        BadSpec{"ServerWithProtocol", "KafkaSource",
                "spec: {topics: [a], bootstrapServers: [\"SSL://h:1\"], " TO "}\n", 4, 40,
                "leave the protocol out"},
        BadSpec{"ServerWithoutHost", "KafkaSource",
                "spec: {topics: [a], bootstrapServers: [\":9092\"], " TO "}\n", 4, 40,
                "there is no host"},
        BadSpec{"ServersEndWithAComma", "KafkaSource",
                "spec: {topics: [a], bootstrapServers: [\"h:1,\"], " TO "}\n", 4, 40,
                "'' is not HOST:PORT: it is empty"},
        BadSpec{"ServersWithSpaces", "KafkaSource",
                "spec: {topics: [a], bootstrapServers: [\"h:1 i:2\"], " TO "}\n", 4, 40,
                "separated by commas"},
        BadSpec{"EmptyGroup", "KafkaSource",
                "spec: {topics: [a], " AT ", consumerGroup: \"\", " TO "}\n", 4, 66,
                "'consumerGroup' is empty"},
        BadSpec{"NoConsumers", "KafkaSource", "spec: {topics: [a], " AT ", consumers: 0, " TO "}\n",
                4, 62, "'consumers' wants a whole number from 1 to 64"},
        BadSpec{"ManyConsumers", "KafkaSource",
                "spec: {topics: [a], " AT ", consumers: 65, " TO "}\n", 4, 62,
                "'consumers' wants a whole number from 1 to 64"},
        BadSpec{"Offset", "KafkaSource",
                "spec: {topics: [a], " AT ", initialOffset: earlyest, " TO "}\n", 4, 66,
                "'initialOffset' wants latest or earliest", "did you mean 'earliest'?"},
        BadSpec{"Ordering", "KafkaSource",
                "spec: {topics: [a], " AT ", ordering: random, " TO "}\n", 4, 61,
                "'ordering' wants ordered or unordered, not 'random'"},
        BadSpec{"NoSink", "KafkaSource", "spec: {topics: [a], " AT "}\n", 4, 1,
                "missing field 'sink' in KafkaSource spec"},
        BadSpec{"Extension", "KafkaSource",
                "spec: {topics: [a], " AT ", ceOverrides: {extensions: {A_B: x}}, " TO "}\n", 4, 83,
                "'A_B' cannot be an extension's name"}),
    spec_name);

#define NET "spec:\n  topics: [a]\n  " AT "\n  " TO "\n  net:\n"

INSTANTIATE_TEST_SUITE_P(
    KafkaNet, BadLogSpec,
    testing::Values(
        BadSpec{"NoPassword", "KafkaSource",
                NET "    sasl: {enable: true, user: {secretKeyRef: {name: s, key: u}}}\n", 9, 11,
                "'sasl' wants 'password'", "secretKeyRef"},
        BadSpec{"PasswordIsEmpty", "KafkaSource",
                NET
                "    sasl: {enable: true, password: {}, user: {secretKeyRef: {name: s, key: u}}}\n",
                9, 11, "'sasl' wants 'password'", "secretKeyRef"},
        BadSpec{"CertAndEmptyKey", "KafkaSource",
                NET "    tls: {enable: true, key: {}, cert: {secretKeyRef: {name: s, key: u}}}\n",
                9, 10, "'tls' wants both of 'cert' and 'key'"},
        BadSpec{"PasswordInTheOpen", "KafkaSource",
                NET "    tls: {enable: true, caCert: hunter2}\n", 9, 33,
                "secret value wants a mapping"},
        BadSpec{"NoSecret", "KafkaSource",
                NET "    tls: {enable: true, caCert: {secretKeyRef: {name: t, key: u}}}\n", 9, 55,
                "Secret 'default/t' is not declared", "declared in 'default': s"},
        BadSpec{"NoKey", "KafkaSource",
                NET "    tls: {enable: true, caCert: {secretKeyRef: {name: s, key: k}}}\n", 9, 63,
                "Secret 'default/s' has no key 'k'", "its keys are: u, none, word"},
        BadSpec{"EmptyKey", "KafkaSource",
                NET "    tls: {enable: true, caCert: {secretKeyRef: {name: s, key: none}}}\n", 9,
                63, "the value of 'none' is empty"},
        BadSpec{"KeyIsNotSaid", "KafkaSource",
                NET "    tls: {enable: true, caCert: {secretKeyRef: {name: s}}}\n", 9, 34,
                "missing field 'key' in secretKeyRef"},
        BadSpec{"CertWithoutKey", "KafkaSource",
                NET "    tls: {enable: true, cert: {secretKeyRef: {name: s, key: u}}}\n", 9, 10,
                "'tls' wants both of 'cert' and 'key'"},
        BadSpec{"Mechanism", "KafkaSource",
                NET "    sasl:\n      enable: true\n"
                    "      user: {secretKeyRef: {name: s, key: u}}\n"
                    "      password: {secretKeyRef: {name: s, key: word}}\n"
                    "      type: {secretKeyRef: {name: s, key: word}}\n",
                13, 13, "the 'type' of 'sasl' is not PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    KafkaSink, BadLogSpec,
    testing::Values(
        BadSpec{"NoSpec", "KafkaSink", "", 1, 1, "missing field 'spec' in KafkaSink",
                "topic and bootstrapServers"},
        BadSpec{"NoTopic", "KafkaSink", "spec: {" AT "}\n", 4, 1, "missing field 'topic'"},
        BadSpec{"EmptyTopic", "KafkaSink", "spec: {topic: \"\", " AT "}\n", 4, 15,
                "'' cannot be a topic's name"},
        BadSpec{"TopicIsDots", "KafkaSink", "spec: {topic: \"..\", " AT "}\n", 4, 15,
                "cannot be a topic's name"},
        BadSpec{"NoServers", "KafkaSink", "spec: {topic: a, bootstrapServers: []}\n", 4, 36,
                "'bootstrapServers' is empty"},
        BadSpec{"PortIsAWord", "KafkaSink", "spec: {topic: a, bootstrapServers: [\"h:p\"]}\n", 4,
                37, "'h:p' is not HOST:PORT: the port is not a number"},
        BadSpec{"PortIsZero", "KafkaSink", "spec: {topic: a, bootstrapServers: [\"h:0\"]}\n", 4, 37,
                "the port is 0"},
        BadSpec{"Mode", "KafkaSink", "spec: {topic: a, " AT ", contentMode: batch}\n", 4, 61,
                "'contentMode' wants binary or structured, not 'batch'"},
        BadSpec{"OnlyPartitions", "KafkaSink", "spec: {topic: a, " AT ", numPartitions: 2}\n", 4,
                63, "'numPartitions' and 'replicationFactor' stand together", "leave both out"},
        BadSpec{"OnlyReplicas", "KafkaSink", "spec: {topic: a, " AT ", replicationFactor: 2}\n", 4,
                67, "'numPartitions' and 'replicationFactor' stand together"},
        BadSpec{"NoSecret", "KafkaSink",
                "spec: {topic: a, " AT ", auth: {secret: {ref: {name: none}}}}\n", 4, 76,
                "Secret 'default/none' is not declared"},
        BadSpec{"SecretWithoutProtocol", "KafkaSink",
                "spec: {topic: a, " AT ", auth: {secret: {ref: {name: s}}}}\n", 4, 76,
                "Secret 'default/s' has no 'protocol', which is PLAINTEXT", "its keys are: u"}),
    spec_name);
#endif

#if SLUICE_HAS_REDIS
INSTANTIATE_TEST_SUITE_P(
    RedisChannel, BadLogSpec,
    testing::Values(
        BadSpec{"NoSpec", "RedisChannel", "", 1, 1, "missing field 'spec' in RedisChannel",
                "it wants address"},
        BadSpec{"NoAddress", "RedisChannel", "spec: {maxLength: 5}\n", 4, 1,
                "missing field 'address' in RedisChannel spec"},
        BadSpec{"NoScheme", "RedisChannel", "spec: {address: \"h:6379\"}\n", 4, 17,
                "does not begin with redis://"},
        BadSpec{"Tls", "RedisChannel", "spec: {address: \"rediss://h:6379\"}\n", 4, 17,
                "no TLS, so rediss:// is not possible: put stunnel"},
        BadSpec{"NoHost", "RedisChannel", "spec: {address: \"redis://\"}\n", 4, 17,
                "there is no host"},
        BadSpec{"PortIsAWord", "RedisChannel", "spec: {address: \"redis://h:port\"}\n", 4, 17,
                "the port is not a number"},
        BadSpec{"PortIsZero", "RedisChannel", "spec: {address: \"redis://h:0\"}\n", 4, 17,
                "the port is not a number from 1 to 65535"},
        BadSpec{"TwoServers", "RedisChannel", "spec: {address: \"redis://h:1,i:2\"}\n", 4, 17,
                "the port is not a number"},
        BadSpec{"DatabaseIsAWord", "RedisChannel", "spec: {address: \"redis://h/db\"}\n", 4, 17,
                "is not the number of a database"},
        BadSpec{"RawPercent", "RedisChannel", "spec:\n  address: \"redis://me:hun%ter@h\"\n", 5, 12,
                "has a '%' without two hexadecimal digits (write it as %25)"},
        BadSpec{"NoLength", "RedisChannel", "spec: {address: \"redis://h\", maxLength: 0}\n", 4, 41,
                "'maxLength' wants a whole number of at least 1, not '0'"},
        BadSpec{"ShortSession", "RedisChannel",
                "spec: {address: \"redis://h\", sessionTimeout: PT1S}\n", 4, 46,
                "'sessionTimeout' wants a duration from PT2S to PT10M, not 'PT1S'"},
        BadSpec{"LongSession", "RedisChannel",
                "spec: {address: \"redis://h\", sessionTimeout: PT11M}\n", 4, 46,
                "'sessionTimeout' wants a duration from PT2S to PT10M"},
        BadSpec{"SessionIsAWord", "RedisChannel",
                "spec: {address: \"redis://h\", sessionTimeout: soon}\n", 4, 46,
                "'sessionTimeout': 'soon' is not a duration"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    RedisStreams, BadLogSpec,
    testing::Values(
        BadSpec{"SinkNoSpec", "RedisStreamSink", "", 1, 1, "missing field 'spec'",
                "address and stream"},
        BadSpec{"SinkNoStream", "RedisStreamSink", "spec: {address: \"redis://h\"}\n", 4, 1,
                "missing field 'stream' in RedisStreamSink spec"},
        BadSpec{"SinkEmptyStream", "RedisStreamSink",
                "spec: {address: \"redis://h\", stream: \"\"}\n", 4, 38, "'stream' is empty"},
        BadSpec{"SinkTls", "RedisStreamSink", "spec: {address: \"rediss://h\", stream: s}\n", 4, 17,
                "no TLS"},
        BadSpec{"SourceNoSpec", "RedisStreamSource", "", 1, 1, "missing field 'spec'",
                "address and stream and sink"},
        BadSpec{"SourceNoStream", "RedisStreamSource",
                "spec: {address: \"redis://h\", sink: {uri: \"http://h/\"}}\n", 4, 1,
                "missing field 'stream'"},
        BadSpec{
            "SourceEmptyGroup", "RedisStreamSource",
            "spec: {address: \"redis://h\", stream: s, group: \"\", sink: {uri: \"http://h/\"}}\n",
            4, 48, "'group' is empty"},
        BadSpec{
            "SourceConsumers", "RedisStreamSource",
            "spec: {address: \"redis://h\", stream: s, consumers: 0, sink: {uri: \"http://h/\"}}\n",
            4, 52, "'consumers' wants a whole number from 1 to 64"},
        BadSpec{"SourceNoSink", "RedisStreamSource", "spec: {address: \"redis://h\", stream: s}\n",
                4, 1, "missing field 'sink'"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    RedisTemplate, BadLogSpec,
    testing::Values(
        BadSpec{"NoSpec", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: sluice.dev/v1alpha1\n"
                "    kind: RedisChannel\n",
                6, 5, "missing field 'spec' in channelTemplate", "it wants address"},
        BadSpec{"RawPercent", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: sluice.dev/v1alpha1\n"
                "    kind: RedisChannel\n    spec:\n      address: redis://me:hun%ter@h\n",
                9, 16, "has a '%' without two hexadecimal digits"},
        BadSpec{"NoAddress", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: sluice.dev/v1alpha1\n"
                "    kind: RedisChannel\n    spec: {maxLength: 1}\n",
                8, 5, "missing field 'address' in RedisChannel spec"},
        BadSpec{"FieldOfAnotherKind", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: sluice.dev/v1alpha1\n"
                "    kind: RedisChannel\n    spec: {address: \"redis://h\", numPartitions: 3}\n",
                8, 34, "unknown field 'numPartitions' in RedisChannel spec"}),
    spec_name);
#endif

}  // namespace
}  // namespace sluice
