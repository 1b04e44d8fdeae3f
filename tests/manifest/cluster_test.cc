// What is checked: what `kubectl get ... -o yaml -A` prints of a cluster with Knative is taken as
// it is, with the parts that Knative's controllers made beside what people wrote. Method: manifests
// as an API server prints them, the findings and the graph.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

// A Sequence with its channels and Subscriptions, a Channel with the one behind it, a Broker with
// the Subscription of its Trigger.
constexpr const char* kCluster = R"(
apiVersion: v1
kind: List
items:
- apiVersion: flows.knative.dev/v1
  kind: Sequence
  metadata: {name: steps, namespace: shop, uid: u1}
  spec:
    channelTemplate: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel}
    steps: [{uri: "http://h/"}]
- apiVersion: messaging.knative.dev/v1
  kind: InMemoryChannel
  metadata:
    name: steps-kn-sequence-0
    namespace: shop
    ownerReferences:
    - apiVersion: flows.knative.dev/v1
      blockOwnerDeletion: true
      controller: true
      kind: Sequence
      name: steps
      uid: u1
  spec: {subscribers: [{generation: 1, subscriberUri: "http://h/", uid: u2}]}
- apiVersion: messaging.knative.dev/v1
  kind: Subscription
  metadata:
    name: steps-kn-sequence-0
    namespace: shop
    ownerReferences: [{apiVersion: flows.knative.dev/v1, kind: Sequence, name: steps, uid: u1}]
  spec:
    channel:
      apiVersion: messaging.knative.dev/v1
      kind: InMemoryChannel
      name: steps-kn-sequence-0
    subscriber: {uri: "http://h/"}
- apiVersion: messaging.knative.dev/v1
  kind: Channel
  metadata: {name: pipe, namespace: shop}
  spec:
    channelTemplate: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel}
    subscribers: [{generation: 1, subscriberUri: "http://h/", uid: u3}]
- apiVersion: messaging.knative.dev/v1
  kind: InMemoryChannel
  metadata:
    name: pipe
    namespace: shop
    ownerReferences: [{apiVersion: messaging.knative.dev/v1, kind: Channel, name: pipe, uid: u4}]
  spec: {subscribers: []}
- apiVersion: messaging.knative.dev/v1
  kind: Subscription
  metadata: {name: end, namespace: shop}
  spec:
    channel: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel, name: pipe}
    subscriber: {uri: "http://h/"}
- apiVersion: eventing.knative.dev/v1
  kind: Broker
  metadata: {name: default, namespace: shop}
  spec: {}
- apiVersion: eventing.knative.dev/v1
  kind: Trigger
  metadata: {name: all, namespace: shop}
  spec: {broker: default, filter: {}, subscriber: {uri: "http://h/"}}
- apiVersion: messaging.knative.dev/v1
  kind: Subscription
  metadata:
    name: default-all-1
    namespace: shop
    ownerReferences: [{apiVersion: eventing.knative.dev/v1, kind: Trigger, name: all, uid: u5}]
  spec:
    channel:
      apiVersion: messaging.knative.dev/v1
      kind: InMemoryChannel
      name: default-kne-trigger
    subscriber: {uri: "http://broker-filter.knative-eventing/"}
)";

TEST(Cluster, LeavesOutWhatKnativeMadeItself) {
  const auto loaded = load(kCluster);
  EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
  EXPECT_EQ(loaded.graph.sequences.size(), 1U);
  ASSERT_EQ(loaded.graph.channels.size(), 1U);
  EXPECT_EQ(loaded.graph.channels[0].channel.name, "pipe");
  EXPECT_EQ(loaded.graph.channels[0].subscriptions.size(), 1U);
  ASSERT_EQ(loaded.graph.brokers.size(), 1U);
  EXPECT_EQ(loaded.graph.brokers[0].triggers.size(), 1U);
  EXPECT_EQ(loaded.graph.resources.size(), 5U);
}

std::string made_by(const std::string& version, const std::string& kind) {
  return "apiVersion: messaging.knative.dev/v1\nkind: InMemoryChannel\n"
         "metadata:\n  name: part\n  ownerReferences: [{apiVersion: " +
         version + ", kind: " + kind + ", name: whole}]\n";
}

TEST(Cluster, TellsOfAPartWhoseOwnerIsNotThere) {
  const auto loaded = load(made_by("flows.knative.dev/v1", "Parallel") + kDeclared);
  ASSERT_EQ(loaded.report.findings.size(), 1U) << describe(loaded.report);
  const Finding& finding = loaded.report.findings[0];
  EXPECT_EQ(finding.severity, Severity::warning);
  EXPECT_EQ(finding.line, 4);
  EXPECT_EQ(finding.message,
            "InMemoryChannel 'default/part' is left out: Parallel 'default/whole' made it, which "
            "is not in these manifests");
  EXPECT_EQ(loaded.graph.channels.size(), 1U);
}

TEST(Cluster, KeepsWhatOthersMade) {
  for (const std::string version : {"apps/v1", "example.com/v1", "flows.knative.dev.example/v1"}) {
    EXPECT_EQ(load(made_by(version, "Sequence") + kDeclared).graph.channels.size(), 2U);
  }
  EXPECT_EQ(load(made_by("sources.knative.dev/v1", "Unheard") + kDeclared).graph.channels.size(),
            2U);
}

// The ConfigMaps of a cluster hold scripts, and kubectl keeps a copy of what was applied.
TEST(Cluster, ExpandsNoVariablesOfOthers) {
  const auto loaded = load(R"(
apiVersion: v1
kind: ConfigMap
metadata:
  name: script
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{run: ${NOT_OURS}}"}
data: {run.sh: "echo ${NOT_OURS} ${1:-x}"}
)");
  EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
}

TEST(Cluster, ExpandsTheVariablesOfAChannelTemplate) {
  const auto loaded = load(R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: b}
spec: {config: {apiVersion: v1, kind: ConfigMap, name: c}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  channel-template-spec: "{apiVersion: messaging.knative.dev/v1, kind: ${NONE:-NoChannel}}"
)");
  const auto errors = findings_of(loaded.report, Severity::error);
  ASSERT_EQ(errors.size(), 1U) << describe(loaded.report);
  EXPECT_NE(errors[0].message.find("'NoChannel' is not a kind of channel"), std::string::npos);
}

TEST(Cluster, SaysWhatToWriteForTheBrokerOfKafka) {
  const std::string text = R"(apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: b, annotations: {eventing.knative.dev/broker.class: Kafka}}
spec:
  config: {apiVersion: v1, kind: ConfigMap, name: kafka-broker-config, namespace: knative-eventing}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kafka-broker-config, namespace: knative-eventing}
data:
  default.topic.partitions: "10"
  default.topic.replication.factor: "3"
  bootstrap.servers: my-cluster-kafka-bootstrap.kafka:9092
)";
  expect_refused({"", text.c_str(), 5, 51, "has no 'channel-template-spec' in its data",
                  "leave 'config' out and write channelTemplate: {apiVersion: "
                  "messaging.knative.dev/v1beta1, kind: KafkaChannel, spec: {numPartitions: 10, "
                  "replicationFactor: 3}}"});
}

}  // namespace
}  // namespace sluice
