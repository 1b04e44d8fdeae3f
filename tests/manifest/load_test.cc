// What is checked: good manifests become the graph they describe: names, addresses, filters,
// annotations, defaults; Knative's own YAML is taken as it is; files and directories are found.
// Method: manifests in, specs out; files in a directory of the test's own.

#include "tests/manifest/manifest_support.h"

#include "event/event_builder.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace sluice {
namespace {

ResourceGraph graph_of(const std::string& text, const ManifestOptions& options = {}) {
  auto loaded = load(text, options);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  return std::move(loaded.graph);
}

// The first example of Knative's documentation of Broker and Trigger, with the Service declared.
constexpr const char* kBrokerAndTrigger = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: my-namespace
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: config-br-default-channel
  namespace: knative-eventing
data:
  channel-template-spec: |
    apiVersion: messaging.knative.dev/v1
    kind: InMemoryChannel
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata:
  name: default
  namespace: my-namespace
  annotations:
    eventing.knative.dev/broker.class: MTChannelBasedBroker
spec:
  config:
    apiVersion: v1
    kind: ConfigMap
    name: config-br-default-channel
    namespace: knative-eventing
  delivery:
    deadLetterSink:
      ref:
        kind: Service
        namespace: example-namespace
        name: example-service
        apiVersion: v1
    backoffPolicy: exponential
    backoffDelay: PT2S
    retry: 3
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: my-service-trigger
  namespace: my-namespace
spec:
  broker: default
  filter:
    attributes:
      type: dev.knative.foo.bar
      myextension: my-extension-value
  subscriber:
    ref:
      apiVersion: serving.knative.dev/v1
      kind: Service
      name: my-service
    uri: /events
---
apiVersion: v1
kind: Service
metadata:
  name: example-service
  namespace: example-namespace
  annotations:
    sluice.dev/url: http://127.0.0.1:9001
spec:
  selector:
    app: $(NOT_OURS) ${NOT_OURS_EITHER}
  ports: [{port: 80}]
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: my-service
  namespace: my-namespace
  annotations:
    sluice.dev/url: http://127.0.0.1:9000/base
)";

TEST(Load, TakesABrokerAndTriggerAsKnativeDocumentsThem) {
  const ResourceGraph graph = graph_of(kBrokerAndTrigger);
  ASSERT_EQ(graph.brokers.size(), 1U);
  const BrokerSpec& broker = graph.brokers[0];
  EXPECT_EQ(broker.ns, "my-namespace");
  EXPECT_EQ(broker.channel.kind, "InMemoryChannel");
  EXPECT_EQ(broker.channel.name, "default-kne-trigger");
  EXPECT_EQ(broker.channel.ns, "my-namespace");
  ASSERT_EQ(broker.triggers.size(), 1U);
  const DispatchSpec& trigger = broker.triggers[0];
  EXPECT_EQ(trigger.name, "my-service-trigger");
  EXPECT_EQ(trigger.subscriber.address, "http://127.0.0.1:9000/events");
  ASSERT_TRUE(trigger.reply);
  EXPECT_EQ(trigger.reply->address, "/my-namespace/default");
  EXPECT_EQ(trigger.delivery.retry, 3);
  EXPECT_EQ(trigger.delivery.dead_letter_sink->address, "http://127.0.0.1:9001");
  EXPECT_EQ(trigger.plain_reply, PlainReply::fail);
  EXPECT_FALSE(trigger.ordered);
  EXPECT_EQ(trigger.max_in_flight, 64U);
  ASSERT_TRUE(trigger.filter);
  EXPECT_EQ(trigger.filter_json["attributes"]["type"], "dev.knative.foo.bar");
  EXPECT_EQ(graph.resources.size(), 5U);  // All but the Namespace.
  EXPECT_EQ(graph.resources[1].path, "/my-namespace/default");
  EXPECT_EQ(graph.resources[4].url, "http://127.0.0.1:9000/base");
}

// PingSource into a Sequence into a Service: Knative's own, but for the declared Services.
constexpr const char* kSequence = R"(
apiVersion: flows.knative.dev/v1
kind: Sequence
metadata:
  name: sequence
spec:
  channelTemplate:
    apiVersion: messaging.knative.dev/v1
    kind: InMemoryChannel
  steps:
    - ref:
        apiVersion: serving.knative.dev/v1
        kind: Service
        name: first
    - ref: {apiVersion: v1, kind: Service, name: first}
      uri: other?x=1
  reply:
    ref:
      kind: Service
      apiVersion: serving.knative.dev/v1
      name: event-display
---
apiVersion: sources.knative.dev/v1
kind: PingSource
metadata:
  name: ping-source
spec:
  schedule: "*/2 * * * *"
  contentType: "application/json"
  data: '{"message": "Hello world!"}'
  ceOverrides: {extensions: {tenant: 5}}
  sink:
    ref:
      apiVersion: flows.knative.dev/v1
      kind: Sequence
      name: sequence
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: first, annotations: {sluice.dev/url: "http://127.0.0.1:9000/a/b"}}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: event-display, annotations: {sluice.dev/url: "http://127.0.0.1:9001"}}
)";

TEST(Load, TakesASequenceAsKnativeDocumentsIt) {
  const ResourceGraph graph = graph_of(kSequence);
  ASSERT_EQ(graph.sequences.size(), 1U);
  const SequenceSpec& sequence = graph.sequences[0];
  ASSERT_EQ(sequence.steps.size(), 2U);
  EXPECT_EQ(sequence.steps[0].name, "sequence-kn-sequence-0");
  EXPECT_EQ(sequence.steps[0].subscriber.address, "http://127.0.0.1:9000/a/b");
  EXPECT_EQ(sequence.steps[1].subscriber.address, "http://127.0.0.1:9000/a/other?x=1");
  EXPECT_EQ(sequence.steps[0].plain_reply, PlainReply::ignore);
  EXPECT_FALSE(sequence.steps[0].reply);
  EXPECT_EQ(sequence.channel_template.kind, "InMemoryChannel");
  EXPECT_EQ(sequence.channel_template.name, "");
  EXPECT_EQ(sequence.reply->address, "http://127.0.0.1:9001");
  ASSERT_EQ(graph.sources.size(), 1U);
  const SourceSpec& source = graph.sources[0];
  EXPECT_EQ(source.kind, "PingSource");
  EXPECT_EQ(source.sink.address, "/default/sequences/sequence");
  EXPECT_EQ(source.ce_overrides.at("tenant"), "5");
  EXPECT_EQ(source.spec, nlohmann::json::parse(R"({"schedule": "*/2 * * * *",
      "contentType": "application/json", "data": "{\"message\": \"Hello world!\"}"})"));
}

TEST(Load, ResolvesEveryLocalKindToItsIngressPath) {
  const ResourceGraph graph = graph_of(R"(
apiVersion: flows.knative.dev/v1
kind: Parallel
metadata: {name: p, namespace: n}
spec:
  branches:
  - {subscriber: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: b}}}
  - subscriber: {ref: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}}
    filter: {ref: {apiVersion: flows.knative.dev/v1, kind: Sequence, name: s}}
    reply: {ref: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel, name: m}}
  - {subscriber: {ref: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel, name: c}}}
  - {subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: EventDisplay, name: e}}}
  reply: {ref: {apiVersion: flows.knative.dev/v1, kind: Parallel, name: q, namespace: default}}
--- {apiVersion: eventing.knative.dev/v1, kind: Broker, metadata: {name: b, namespace: n}}
--- {apiVersion: messaging.knative.dev/v1, kind: Channel, metadata: {name: c, namespace: n}}
--- {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel, metadata: {name: m, namespace: n}}
--- {apiVersion: sluice.dev/v1alpha1, kind: EventDisplay, metadata: {name: e, namespace: n}}
---
apiVersion: flows.knative.dev/v1
kind: Sequence
metadata: {name: s, namespace: n}
spec: {steps: [{uri: "http://h/"}]}
---
apiVersion: flows.knative.dev/v1
kind: Parallel
metadata: {name: q}
spec: {branches: [{subscriber: {uri: "http://h/"}}]}
)");
  const ParallelSpec& parallel = graph.parallels.at(0);
  ASSERT_EQ(parallel.branches.size(), 4U);
  EXPECT_EQ(parallel.branches[0].subscriber.subscriber.address, "/n/b");
  EXPECT_EQ(parallel.branches[0].subscriber.name, "p-kn-parallel-0");
  EXPECT_EQ(parallel.branches[1].subscriber.subscriber.address, "/n/channels/c");
  EXPECT_EQ(parallel.branches[1].filter->subscriber.address, "/n/sequences/s");
  EXPECT_EQ(parallel.branches[1].subscriber.reply->address, "/n/channels/m");
  EXPECT_EQ(parallel.branches[2].subscriber.subscriber.address, "/n/channels/c");
  EXPECT_EQ(parallel.branches[3].subscriber.subscriber.address, "/n/sinks/e");
  EXPECT_EQ(parallel.reply->address, "/default/parallels/q");
}

std::string trigger_to_service(const std::string& extra = "") {
  return "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: it}\nspec:\n"
         "  broker: orders\n"
         "  subscriber: {ref: {apiVersion: v1, kind: Service, name: web, namespace: far}" +
         extra + "}\n" + kDeclared;
}

std::string subscriber_of(const ResourceGraph& graph, std::string_view trigger) {
  for (const DispatchSpec& spec : graph.brokers.at(0).triggers) {
    if (spec.name == trigger) return spec.subscriber.address;
  }
  return "none";
}

TEST(Load, ResolvesAServiceByTheCommandLine) {
  ManifestOptions options;
  options.cluster_domain = "svc.cluster.local";
  EXPECT_EQ(subscriber_of(graph_of(trigger_to_service(), options), "it"),
            "http://web.far.svc.cluster.local");
  EXPECT_EQ(subscriber_of(graph_of(trigger_to_service(", uri: /in"), options), "it"),
            "http://web.far.svc.cluster.local/in");
  options.services["far/web"] = "http://127.0.0.1:7000/";  // More exact, so it comes first.
  EXPECT_EQ(subscriber_of(graph_of(trigger_to_service(), options), "it"), "http://127.0.0.1:7000/");
  const std::string declared =
      "---\napiVersion: v1\nkind: Service\n"
      "metadata: {name: web, namespace: far, annotations: {sluice.dev/url: http://own/}}\n";
  EXPECT_EQ(subscriber_of(graph_of(trigger_to_service() + declared, options), "it"), "http://own/");
}

TEST(Load, ReadsAnnotations) {
  const ResourceGraph graph = graph_of(R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata:
  name: b
  annotations: {sluice.dev/capacity-events: 5e3, sluice.dev/capacity-bytes: 1.5Gi}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata:
  name: t
  labels: {team: shop}
  annotations:
    sluice.dev/plain-reply: wrap
    sluice.dev/max-in-flight: 8
    kafka.eventing.knative.dev/delivery.order: ordered
spec: {broker: b, subscriber: {uri: "http://h/"}}
---
apiVersion: flows.knative.dev/v1
kind: Parallel
metadata: {name: p, annotations: {sluice.dev/plain-reply: wrap, sluice.dev/capacity-bytes: 1G}}
spec: {branches: [{filter: {uri: "http://f/"}, subscriber: {uri: "http://h/"}}]}
)");
  EXPECT_EQ(graph.brokers[0].channel.capacity_events, 5000U);
  EXPECT_EQ(graph.brokers[0].channel.capacity_bytes, 1536U * 1024 * 1024);
  const DispatchSpec& trigger = graph.brokers[0].triggers[0];
  EXPECT_EQ(trigger.plain_reply, PlainReply::wrap);
  EXPECT_EQ(trigger.max_in_flight, 8U);
  EXPECT_TRUE(trigger.ordered);
  const auto& branch = graph.parallels[0].branches[0];
  EXPECT_EQ(branch.subscriber.plain_reply, PlainReply::wrap);
  EXPECT_EQ(branch.filter->plain_reply, PlainReply::ignore);  // Whatever the annotation says.
  EXPECT_EQ(graph.parallels[0].channel_template.capacity_bytes, 1'000'000'000U);
}

TEST(Load, HasTheDefaultCapacities) {
  const ResourceGraph graph =
      graph_of("apiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata: {name: c}\n");
  EXPECT_EQ(graph.channels.at(0).channel.capacity_events, 100'000U);
  EXPECT_EQ(graph.channels.at(0).channel.capacity_bytes, 256U * 1024 * 1024);
  EXPECT_EQ(graph.channels.at(0).channel.name, "c");
}

bool passes(const std::string& filter, std::string_view type, std::string_view tenant) {
  const ResourceGraph graph = graph_of(
      "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: it}\nspec:\n"
      "  broker: orders\n  subscriber: {uri: http://h/}\n" +
      filter + kDeclared);
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", type);
  if (!tenant.empty()) builder.set("tenant", tenant);
  const auto event = builder.build();
  for (const DispatchSpec& spec : graph.brokers.at(0).triggers) {
    if (spec.name == "it") return spec.filter == nullptr || spec.filter->matches(*event);
  }
  return false;
}

TEST(Load, CompilesFilters) {
  EXPECT_TRUE(passes("", "a", ""));
  EXPECT_TRUE(passes("  filter: {}\n", "a", ""));
  EXPECT_TRUE(passes("  filter: {attributes: {}}\n", "a", ""));
  EXPECT_FALSE(passes("  filter: {attributes: {type: b}}\n", "a", ""));
  EXPECT_TRUE(passes("  filter: {attributes: {type: a, tenant: \"\"}}\n", "a", "x"));
  EXPECT_FALSE(passes("  filter: {attributes: {type: a, tenant: \"\"}}\n", "a", ""));
  // A scalar where a string is wanted is taken as written.
  EXPECT_TRUE(passes("  filters: [{exact: {tenant: 5}}]\n", "a", "5"));
  EXPECT_TRUE(passes("  filter: {attributes: {tenant: 1.0}}\n", "a", "1.0"));
  EXPECT_TRUE(passes("  filters: [{exact: {tenant: true}}]\n", "a", "true"));
  // `filters` wins where it is not empty.
  EXPECT_TRUE(
      passes("  filter: {attributes: {type: b}}\n  filters: [{exact: {type: a}}]\n", "a", ""));
  EXPECT_FALSE(passes("  filter: {attributes: {type: b}}\n  filters: []\n", "a", ""));
  EXPECT_FALSE(passes("  filters: [{exact: {type: a}}, {not: {prefix: {type: a}}}]\n", "a", ""));
}

TEST(Load, TakesWhatKubectlPrints) {
  const ResourceGraph graph = graph_of(R"(
apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: eventing.knative.dev/v1
  kind: Broker
  metadata:
    annotations:
      eventing.knative.dev/creator: system:admin
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"eventing.knative.dev/v1","kind":"Broker"}
    creationTimestamp: "2026-01-01T00:00:00Z"
    finalizers: [brokers.eventing.knative.dev]
    generation: 1
    managedFields: [{manager: kubectl, fieldsV1: {"f:spec": {}}}]
    name: default
    namespace: default
    ownerReferences: []
    resourceVersion: "123"
    uid: 7f2f7a2c
  status: {address: {url: "${NOT_OURS}"}, anything: [1]}
- apiVersion: sluice.dev/v1alpha1
  kind: EventDisplay
  metadata: {name: show}
  spec: {format: json, action: "{{ type }}"}
)");
  EXPECT_EQ(graph.brokers.size(), 1U);
  ASSERT_EQ(graph.sinks.size(), 1U);
  EXPECT_EQ(graph.sinks[0].spec,
            nlohmann::json::parse(R"({"format": "json", "action": "{{ type }}"})"));
}

TEST(Load, ReadsNumbersFromVariables) {
  ::setenv("SLUICE_TEST_RETRIES", "4", 1);
  const ResourceGraph graph = graph_of(
      "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
      "spec:\n  delivery:\n    retry: ${SLUICE_TEST_RETRIES}\n    backoffDelay: ${D:-PT1S}\n---\n"
      "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
      "spec: {broker: b, subscriber: {uri: \"http://h/\"},\n"
      "       delivery: {retry: \"${SLUICE_TEST_RETRIES}\"}}\n");
  EXPECT_EQ(graph.brokers[0].triggers[0].delivery.retry, 4);
}

class LoadFiles : public testing::Test {
 protected:
  LoadFiles()
      : root_(std::filesystem::temp_directory_path() /
              ("sluice-load-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "sub" / ".git");
  }
  ~LoadFiles() override { std::filesystem::remove_all(root_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name) << text;
    return (root_ / name).string();
  }

  static std::string broker(const std::string& name) {
    return "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: " + name + "}\n";
  }

  std::filesystem::path root_;
};

TEST_F(LoadFiles, ReadsADirectoryInOrderAndNothingHidden) {
  (void)write("b.yaml", broker("b"));
  (void)write("a.yml", broker("a"));
  (void)write("sub/c.yaml", broker("c"));
  (void)write("sub/.git/d.yaml", "no: [yaml");
  (void)write(".e.yaml", "no: [yaml");
  (void)write("notes.txt", "no: [yaml");
  const auto loaded = load_manifests({{root_.string()}, {}, {}});
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded.value().report.has_errors()) << describe(loaded.value().report);
  EXPECT_EQ(loaded.value().files, 3U);
  ASSERT_EQ(loaded.value().graph.brokers.size(), 3U);
  EXPECT_EQ(loaded.value().graph.brokers[0].name, "a");
  EXPECT_EQ(loaded.value().graph.brokers[2].name, "c");
}

TEST_F(LoadFiles, RefusesADirectoryWithoutManifests) {
  (void)write("notes.txt", "hello");
  const auto loaded = load_manifests({{root_.string()}, {}, {}});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().detail, root_.string() + ": no manifest is below it (*.yaml, *.yml)");
}

TEST_F(LoadFiles, ReadsAFileOnceAndNamesItInFindings) {
  const std::string good = write("a.yaml", broker("a"));
  const std::string bad = write("b.txt", "kind: [\n");
  const auto loaded = load_manifests({{good, root_.string(), bad}, {}, {}});
  ASSERT_TRUE(loaded);
  const auto errors = findings_of(loaded.value().report, Severity::error);
  ASSERT_EQ(errors.size(), 1U) << describe(loaded.value().report);
  EXPECT_EQ(errors[0].file, bad);
}

TEST_F(LoadFiles, RefersAcrossFiles) {
  (void)write("a.yaml",
              "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
              "spec: {broker: b, subscriber: {uri: \"http://h/\"}}\n");
  (void)write("b.yaml", "\xEF\xBB\xBF" + broker("b"));
  const auto loaded = load_manifests({{root_.string()}, {}, {}});
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded.value().report.findings.empty()) << describe(loaded.value().report);
}

TEST_F(LoadFiles, DoesNotCallDanglingWhatItCouldNotRead) {
  (void)write("a.yaml",
              "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
              "spec: {broker: orders, subscriber: {uri: \"http://h/\"}}\n");
  (void)write("b.yaml", broker("orders") + "spec: [\n");
  const auto loaded = load_manifests({{root_.string()}, {}, {}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded.value().report.findings.size(), 1U) << describe(loaded.value().report);
}

TEST_F(LoadFiles, RefusesAPathThatDoesNotExist) {
  const auto loaded = load_manifests({{(root_ / "nope.yaml").string()}, {}, {}});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Errc::not_found);
  EXPECT_NE(loaded.error().detail.find("nope.yaml"), std::string::npos);
}

TEST_F(LoadFiles, RefusesAFileOver16MiB) {
  const std::string path = write("a.yaml", std::string(16U * 1024 * 1024 + 1, '#'));
  const auto loaded = load_manifests({{path}, {}, {}});
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded.value().report.findings.size(), 1U);
  EXPECT_NE(loaded.value().report.findings[0].message.find("16 MiB"), std::string::npos);
}

}  // namespace
}  // namespace sluice
