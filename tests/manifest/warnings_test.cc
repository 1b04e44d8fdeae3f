// What is checked: what is legal and surely wrong is warned of, at its place, and never fails; what
// is fine is not warned of. Method: small sets of manifests, the warnings of the report.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

constexpr const char* kBroker =
    "---\napiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n";

std::string trigger(const std::string& spec) {
  return "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\nspec:\n"
         "  broker: b\n" +
         spec;
}

void expect_warning(const std::string& text, int line, int column, const char* message_part) {
  const auto loaded = load(text);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  const auto warnings = findings_of(loaded.report, Severity::warning);
  ASSERT_EQ(warnings.size(), 1U) << describe(loaded.report);
  EXPECT_EQ(warnings[0].line, line) << describe(loaded.report);
  EXPECT_EQ(warnings[0].column, column) << describe(loaded.report);
  EXPECT_NE(warnings[0].message.find(message_part), std::string::npos) << warnings[0].message;
}

constexpr const char* kToBroker =
    "  subscriber: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: b}}\n";

TEST(Warnings, OfAScheduleThatFiresEveryMinute) {
  expect_warning(
      "apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: {name: p}\n"
      "spec: {schedule: \"* */1 * * *\", sink: {uri: http://h/}}\n",
      4, 18, "* */1 * * *");
}

TEST(Warnings, OfABrokerWithOnlyADeadLetterSink) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n") + kBroker +
                     "spec:\n  delivery:\n    deadLetterSink: {uri: http://dls/}\n",
                 13, 5, "does not retry at all");
}

TEST(Warnings, OfATriggerWithoutFilterIntoItsOwnBroker) {
  expect_warning(trigger(kToBroker) + kBroker, 3, 18, "/default/b -> /default/b");
}

TEST(Warnings, OfALoopThroughASequence) {
  expect_warning(
      trigger("  subscriber: {ref: {apiVersion: flows.knative.dev/v1, kind: Sequence, name: s}}\n"
              "---\napiVersion: flows.knative.dev/v1\nkind: Sequence\nmetadata: {name: s}\nspec:\n"
              "  steps: [{uri: http://h/}]\n"
              "  reply: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: b}}\n") +
          kBroker,
      13, 10, "/default/b -> /default/sequences/s -> /default/b");
}

#if SLUICE_HAS_KAFKA && SLUICE_HAS_REDIS
std::string kafka_source(const std::string& name, const std::string& more) {
  return "apiVersion: sources.knative.dev/v1\nkind: KafkaSource\nmetadata: {name: " + name +
         "}\nspec: {bootstrapServers: [\"h:1\"], " + more + "}\n---\n";
}

constexpr const char* kStreamSink =
    "apiVersion: sinks.knative.dev/v1alpha1\nkind: RedisStreamSink\nmetadata: {name: out}\n"
    "spec: {address: \"redis://h\", stream: s}\n";

TEST(Warnings, OfTwoSourcesThatReadAsOneGroup) {
  const std::string to = ", consumerGroup: g, sink: {uri: \"http://h/\"}";
  expect_warning(kafka_source("a", "topics: [t, u]" + to) + kafka_source("b", "topics: [u]" + to),
                 8, 18, "it reads as the same group as KafkaSource 'default/a'");
  for (const char* other : {"topics: [v], consumerGroup: g, ", "topics: [u], "}) {
    const auto loaded = load(kafka_source("a", "topics: [t, u]" + to) +
                             kafka_source("b", other + std::string("sink: {uri: \"http://h/\"}")));
    EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
  }
}

TEST(Warnings, OfALoopThroughAStream) {
  const std::string source =
      "apiVersion: sources.knative.dev/v1alpha1\nkind: RedisStreamSource\nmetadata: {name: in}\n"
      "spec:\n  address: \"redis://h\"\n  stream: s\n"
      "  sink: {ref: {apiVersion: sinks.knative.dev/v1alpha1, kind: RedisStreamSink, name: out}}\n"
      "---\n";
  expect_warning(source + kStreamSink, 3, 18, "/default/sinks/out -> /default/sinks/out");
}

TEST(Warnings, NotOfAKafkaChannelThatOthersMayRead) {
  ManifestOptions options;
  options.kafka_bootstrap_servers = "h:9092";
  const auto loaded =
      load("apiVersion: messaging.knative.dev/v1beta1\nkind: KafkaChannel\nmetadata: {name: c}\n",
           options);
  EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
}
#endif

TEST(Warnings, NotOfALoopThatAFilterMayEnd) {
  const auto loaded =
      load(trigger(kToBroker + std::string("  filter: {attributes: {type: a}}\n")) + kBroker);
  EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
}

TEST(Warnings, OfAChannelThatFeedsItself) {
  expect_warning(
      "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata: {name: s}\nspec:\n"
      "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}\n"
      "  subscriber: {uri: http://h/}\n"
      "  reply: {ref: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}}\n"
      "---\napiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata: {name: c}\n",
      3, 18, "/default/channels/c -> /default/channels/c");
}

TEST(Warnings, OfADeadLetterSinkThatIsTheSubscriber) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n"
                         "  delivery: {retry: 1, deadLetterSink: {uri: http://h/}}\n") +
                     kBroker,
                 7, 40, "the dead letter sink is the subscriber itself");
}

TEST(Warnings, OfDeadLettersThatReturnToTheirBroker) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n") + kBroker +
                     "spec:\n  delivery:\n    retry: 1\n    deadLetterSink:\n"
                     "      ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: b}\n",
                 15, 7, "return to the Broker");
}

TEST(Warnings, OfABackoffWithoutRetry) {
  expect_warning(
      trigger("  subscriber: {uri: http://h/}\n  delivery: {backoffDelay: PT1S}\n") + kBroker, 7,
      28, "'backoffDelay' has no effect");
}

TEST(Warnings, OfAFilterThatIsNotUsed) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n  filter: {attributes: {type: a}}\n"
                         "  filters: [{exact: {type: b}}]\n") +
                     kBroker,
                 7, 24, "'filter' is not used");
}

TEST(Warnings, OfFiltersThatExcludeOneAnother) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n  filters:\n"
                         "  - exact: {type: a}\n  - prefix: {type: b.}\n") +
                     kBroker,
                 8, 3,
                 "Trigger 'default/t' can never match: no event has both type = 'a' and type "
                 "starting with 'b.'");
}

TEST(Warnings, OfAFilterOfWhatNoEventHas) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n"
                         "  filter: {attributes: {specversion: \"2.0\"}}\n") +
                     kBroker,
                 7, 24, "can never match: no event has specversion = '2.0': it is 1.0 or 0.3");
}

TEST(Warnings, NotOfAFilterThatIsNotUsedAndNeverMatches) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n"
                         "  filter: {attributes: {specversion: \"2.0\"}}\n"
                         "  filters: [{exact: {type: b}}]\n") +
                     kBroker,
                 7, 24, "'filter' is not used");
}

TEST(Warnings, OfABrokerWithoutTriggers) {
  expect_warning(kBroker, 4, 18, "Broker 'default/b' has no Triggers");
}

TEST(Warnings, OfAChannelWithoutSubscriptions) {
  expect_warning(
      "apiVersion: messaging.knative.dev/v1\nkind: InMemoryChannel\nmetadata: {name: c}\n", 3, 18,
      "InMemoryChannel 'default/c' has no Subscriptions");
}

TEST(Warnings, OfAServiceThatNobodyRefersTo) {
  expect_warning(
      "apiVersion: v1\nkind: Service\n"
      "metadata: {name: s, annotations: {sluice.dev/url: http://h/}}\n",
      3, 18, "Service 'default/s' is not used");
}

TEST(Warnings, OfAnUnknownAnnotationOfOurs) {
  expect_warning(
      "apiVersion: sluice.dev/v1alpha1\nkind: EventDisplay\n"
      "metadata: {name: s, annotations: {sluice.dev/max-inflight: 3, example.com/x: y}}\n",
      3, 60, "'sluice.dev/max-inflight' is not known");
}

TEST(Warnings, OfAnAnnotationOnTheWrongKind) {
  expect_warning(
      "apiVersion: sluice.dev/v1alpha1\nkind: EventDisplay\n"
      "metadata: {name: s, annotations: {sluice.dev/plain-reply: wrap}}\n",
      3, 59, "has no meaning on an EventDisplay");
}

TEST(Warnings, OfADeliveryInTheTemplateOfABroker) {
  expect_warning(trigger("  subscriber: {uri: http://h/}\n") + kBroker +
                     "spec:\n  channelTemplate:\n    apiVersion: messaging.knative.dev/v1\n"
                     "    kind: InMemoryChannel\n    spec: {delivery: {retry: 3}}\n",
                 15, 11, "does not use the delivery of its channelTemplate");
}

}  // namespace
}  // namespace sluice
