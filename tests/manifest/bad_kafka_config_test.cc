// What is checked: the ConfigMap kafka-channel-config and the Secrets in Knative's form are checked
// key by key; no finding tells a secret. Method: manifests with one fault in memory.

#include "tests/manifest/manifest_support.h"

#if SLUICE_HAS_KAFKA

namespace sluice {
namespace {

// A KafkaChannel that nothing else is said about; the rest stands behind it, from line 5 on.
constexpr const char* kChannel =
    "apiVersion: messaging.knative.dev/v1beta1\nkind: KafkaChannel\nmetadata: {name: it}\n---\n";
// A ConfigMap of four lines, its keys from line 9 on.
constexpr const char* kConfig =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kafka-channel-config}\ndata:\n";

struct BadPart {
  const char* name;
  const char* part;
  int line;
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadPart& bad) { return out << bad.name; }
};

std::string part_name(const testing::TestParamInfo<BadPart>& info) { return info.param.name; }

TEST(KafkaConfig, IsAskedForWhereThereIsNone) {
  expect_refused({"",
                  "apiVersion: messaging.knative.dev/v1beta1\nkind: KafkaChannel\n"
                  "metadata: {name: it, namespace: shop}\n",
                  3, 18, "nothing says where Kafka is",
                  "in the namespace 'shop' or 'knative-eventing', or say "
                  "--kafka-bootstrap-servers"});
}

TEST(KafkaConfig, IsAskedForAtTheKindOfATemplate) {
  expect_refused({"",
                  "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                  "spec:\n  channelTemplate:\n"
                  "    apiVersion: messaging.knative.dev/v1beta1\n    kind: KafkaChannel\n",
                  7, 11, "nothing says where Kafka is", "bootstrap.servers"});
}

class BadKafkaConfig : public testing::TestWithParam<BadPart> {};

TEST_P(BadKafkaConfig, IsRefusedAtItsKey) {
  const BadPart& bad = GetParam();
  const std::string text = std::string(kChannel) + kConfig + bad.part;
  expect_refused({bad.name, text.c_str(), bad.line, bad.column, bad.message_part, bad.hint_part});
}

#define SERVERS "  bootstrap.servers: h:9092\n"

INSTANTIATE_TEST_SUITE_P(
    Keys, BadKafkaConfig,
    testing::Values(
        BadPart{"NoServers", "  linger.ms: 5\n", 3, 18, "nothing says where Kafka is"},
        BadPart{"BadServers", "  bootstrap.servers: h\n", 9, 22,
                "'bootstrap.servers': 'h' is not HOST:PORT"},
        BadPart{"UnknownKey", SERVERS "  linger.msec: 5\n", 10, 3,
                "unknown key 'linger.msec' in kafka-channel-config", "did you mean 'linger.ms'?"},
        BadPart{"Acks", SERVERS "  acks: \"0\"\n", 10, 3,
                "'acks' is not a setting of kafka-channel-config", "every in-sync replica"},
        BadPart{"NotIdempotent", SERVERS "  enable.idempotence: \"false\"\n", 10, 3,
                "is not a setting", "writes no event twice"},
        BadPart{"Retries", SERVERS "  retries: 3\n", 10, 3, "is not a setting",
                "message.timeout.ms, which is a setting"},
        BadPart{"AutoCommit", SERVERS "  enable.auto.commit: \"true\"\n", 10, 3, "is not a setting",
                "Sluice commits what is settled"},
        BadPart{"OffsetReset", SERVERS "  auto.offset.reset: earliest\n", 10, 3, "is not a setting",
                "initialOffset"},
        BadPart{"Group", SERVERS "  group.id: g\n", 10, 3, "is not a setting",
                "names of the resources"},
        BadPart{"Partitioner", SERVERS "  partitioner: random\n", 10, 3, "is not a setting",
                "and order"},
        BadPart{"PasswordInTheOpen", SERVERS "  sasl.password: p\n", 10, 3, "is not a setting",
                "auth.secret.ref.name"},
        BadPart{"Unknown", SERVERS "  zzz: 1\n", 10, 3, "unknown key 'zzz'", "known keys: "},
        BadPart{"NotANumber", SERVERS "  linger.ms: soon\n", 10, 14,
                "'linger.ms' wants a whole number from 0 to 900000, not 'soon'"},
        BadPart{"TooLarge", SERVERS "  batch.num.messages: 1000001\n", 10, 23,
                "'batch.num.messages' wants a whole number from 1 to 1000000"},
        BadPart{"Compression", SERVERS "  compression.type: zst\n", 10, 21,
                "'compression.type' wants none, gzip, snappy, lz4 or zstd, not 'zst'",
                "did you mean 'zstd'?"},
        BadPart{"HeartbeatTooSlow", SERVERS "  session.timeout.ms: 1500\n", 7, 18,
                "'heartbeat.interval.ms' is not below 'session.timeout.ms'"},
        BadPart{"PollTooShort", SERVERS "  max.poll.interval.ms: 5000\n", 7, 18,
                "'max.poll.interval.ms' is below 'session.timeout.ms'"},
        BadPart{"SaidTwice", SERVERS "  message.timeout.ms: 1\n  delivery.timeout.ms: 1\n", 7, 18,
                "are the same property"},
        BadPart{"NoSecret", SERVERS "  auth.secret.ref.name: s\n", 10, 25,
                "Secret 'default/s' is not declared"},
        BadPart{"EmptySecret", SERVERS "  auth.secret.ref.name: \"\"\n", 10, 25,
                "the name of a Secret is empty"},
        BadPart{"OnlyItsNamespace", SERVERS "  auth.secret.ref.namespace: s\n", 10, 3,
                "without 'auth.secret.ref.name'"}),
    part_name);

// The Secret's keys stand in line 15; what lacks is said where the Secret is referred to.
class BadKafkaSecret : public testing::TestWithParam<BadPart> {};

TEST_P(BadKafkaSecret, IsRefusedWithoutTellingIt) {
  const BadPart& bad = GetParam();
  const std::string text =
      std::string(kChannel) + kConfig +
      SERVERS
      "  auth.secret.ref.name: s\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n" +
      bad.part;
  expect_refused({bad.name, text.c_str(), bad.line, bad.column, bad.message_part, bad.hint_part});
  const auto loaded = load(text);
  EXPECT_EQ(to_text(loaded.report).find("hunter2"), std::string::npos) << describe(loaded.report);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, BadKafkaSecret,
    testing::Values(
        BadPart{"NoProtocol", "stringData: {user: u}\n", 10, 25,
                "has no 'protocol', which is PLAINTEXT, SASL_PLAINTEXT, SSL or SASL_SSL",
                "its keys are: user"},
        BadPart{"NoKeys", "type: Opaque\n", 10, 25, "has no 'protocol'", "it has no keys"},
        BadPart{"Protocol", "stringData: {protocol: hunter2}\n", 10, 25,
                "its 'protocol' is not PLAINTEXT"},
        BadPart{"NoPassword", "stringData: {protocol: SASL_SSL, user: u, sasl.mechanism: PLAIN}\n",
                10, 25, "has no 'password', which the protocol SASL_SSL needs"},
        BadPart{"NoUser",
                "stringData: {protocol: SASL_SSL, password: hunter2, sasl.mechanism: PLAIN}\n", 10,
                25, "has no 'user'"},
        BadPart{"NoMechanism", "stringData: {protocol: SASL_SSL, password: hunter2, user: u}\n", 10,
                25, "has no 'sasl.mechanism'"},
        BadPart{"Mechanism",
                "stringData: {protocol: SASL_SSL, password: p, user: u, sasl.mechanism: hunter2}\n",
                10, 25, "its 'sasl.mechanism' is not PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
        BadPart{"KeyWithoutCertificate", "stringData: {protocol: SSL, user.key: hunter2}\n", 10, 25,
                "has no 'user.crt'"},
        BadPart{"CertificateWithoutKey", "stringData: {protocol: SSL, user.crt: c}\n", 10, 25,
                "has no 'user.key'"},
        BadPart{"NotBase64", "stringData: {protocol: SSL}\ndata: {ca.crt: hunter2}\n", 14, 18,
                "the value of 'ca.crt' in 'data' is not base64", "'stringData'"}),
    part_name);

}  // namespace
}  // namespace sluice

#endif
