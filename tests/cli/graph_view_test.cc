// What is checked: the picture that `sluice graph` draws has every box and arrow of the topology,
// filters in words on the arrows, dead letters dashed, what never matches and what runs in a circle
// marked, and text that none of the languages trips over. Method: sets of manifests in memory,
// drawn in each form.

#include "cli/graph_view.h"
#include "manifest/load.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice {
namespace {

constexpr const char* kManifests = R"(
apiVersion: sources.knative.dev/v1
kind: PingSource
metadata: {name: tick}
spec:
  schedule: "@hourly"
  sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: orders}}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: orders}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: big}
spec:
  broker: orders
  filters: [{any: [{exact: {type: 'a "b" <c>'}}, {suffix: {source: x}}]}]
  subscriber: {ref: {apiVersion: flows.knative.dev/v1, kind: Sequence, name: flow}}
  delivery:
    deadLetterSink: {ref: {apiVersion: sluice.dev/v1alpha1, kind: EventDisplay, name: dead}}
---
apiVersion: flows.knative.dev/v1
kind: Sequence
metadata: {name: flow}
spec:
  steps:
  - ref: {apiVersion: v1, kind: Service, name: web}
  - uri: http://127.0.0.1:9001/second
  reply: {ref: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: pipe}}
---
apiVersion: messaging.knative.dev/v1
kind: Channel
metadata: {name: pipe}
---
apiVersion: messaging.knative.dev/v1
kind: Subscription
metadata: {name: end}
spec:
  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: pipe}
  subscriber: {ref: {apiVersion: flows.knative.dev/v1, kind: Parallel, name: fork}}
---
apiVersion: flows.knative.dev/v1
kind: Parallel
metadata: {name: fork}
spec:
  branches:
  - filter: {uri: "http://127.0.0.1:9002/filter"}
    subscriber: {ref: {apiVersion: v1, kind: Service, name: web}}
  reply: {uri: "http://127.0.0.1:9003/reply"}
---
apiVersion: sluice.dev/v1alpha1
kind: EventDisplay
metadata: {name: dead}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {sluice.dev/url: "http://127.0.0.1:9000/"}}
)";

constexpr const char* kOutside = R"(
apiVersion: sources.knative.dev/v1
kind: KafkaSource
metadata: {name: in}
spec:
  topics: [t, u]
  bootstrapServers: ["h:9092"]
  sink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: orders}}
  delivery:
    deadLetterSink: {ref: {apiVersion: eventing.knative.dev/v1alpha1, kind: KafkaSink, name: out}}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: orders}
spec: {channelTemplate: {apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel}}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: all}
spec:
  broker: orders
  subscriber: {ref: {apiVersion: eventing.knative.dev/v1alpha1, kind: KafkaSink, name: out}}
---
apiVersion: eventing.knative.dev/v1alpha1
kind: KafkaSink
metadata: {name: out}
spec: {topic: o, bootstrapServers: ["h:9092"]}
---
apiVersion: sources.knative.dev/v1alpha1
kind: RedisStreamSource
metadata: {name: clicks}
spec:
  address: "redis://:secret@h"
  stream: a
  sink: {ref: {apiVersion: sluice.dev/v1alpha1, kind: RedisChannel, name: pipe}}
---
apiVersion: sluice.dev/v1alpha1
kind: RedisChannel
metadata: {name: pipe}
spec: {address: "redis://:secret@h"}
---
apiVersion: messaging.knative.dev/v1
kind: Subscription
metadata: {name: end}
spec:
  channel: {apiVersion: sluice.dev/v1alpha1, kind: RedisChannel, name: pipe}
  subscriber: {ref: {apiVersion: sinks.knative.dev/v1alpha1, kind: RedisStreamSink, name: shipped}}
---
apiVersion: sinks.knative.dev/v1alpha1
kind: RedisStreamSink
metadata: {name: shipped}
spec: {address: "redis://:secret@h", stream: b}
)";

GraphView view_of(const char* text) {
  const LoadedManifests loaded = load_manifest_text(text, "m.yaml");
  EXPECT_FALSE(loaded.report.has_errors()) << to_text(loaded.report);
  return graph_view(loaded.graph);
}

// "Kind ns/name -> Kind ns/name [reply]" for every edge.
std::vector<std::string> edges_of(const GraphView& view) {
  const auto title = [&](const std::string& id) {
    const auto node = std::ranges::find(view.nodes, id, &GraphView::Node::id);
    return node->kind + " " + node->name;
  };
  std::vector<std::string> out;
  for (const auto& edge : view.edges) {
    std::string text = title(edge.from) + " -> " + title(edge.to);
    if (edge.kind == GraphView::Edge::Kind::reply) text += " [reply]";
    if (edge.kind == GraphView::Edge::Kind::dead_letter) text += " [dead letter]";
    if (!edge.label.empty()) text += " [" + edge.label + "]";
    out.push_back(text);
  }
  std::ranges::sort(out);
  return out;
}

TEST(GraphView, HasEveryArrow) {
  std::vector<std::string> expected = {
      "PingSource tick -> Broker orders",
      "Broker orders -> Trigger big [type = a \"b\" <c> or source ends with x]",
      "Trigger big -> Sequence flow",
      "Trigger big -> EventDisplay dead [dead letter]",
      "Sequence flow -> Step flow-kn-sequence-0",
      "Step flow-kn-sequence-0 -> Service web",
      "Step flow-kn-sequence-0 -> Step flow-kn-sequence-1 [reply]",
      "Step flow-kn-sequence-1 -> URL http://127.0.0.1:9001/second",
      "Step flow-kn-sequence-1 -> Channel pipe [reply]",
      "Channel pipe -> Subscription end",
      "Subscription end -> Parallel fork",
      "Parallel fork -> Branch fork-kn-parallel-0",
      "Branch fork-kn-parallel-0 -> URL http://127.0.0.1:9002/filter [filter]",
      "Branch fork-kn-parallel-0 -> Service web",
      "Branch fork-kn-parallel-0 -> URL http://127.0.0.1:9003/reply [reply]"};
  std::ranges::sort(expected);
  EXPECT_EQ(edges_of(view_of(kManifests)), expected);
}

TEST(GraphView, HasModelsAndWhatAsksThem) {
  const GraphView view = view_of(R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: orders}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: sort}
spec:
  broker: orders
  filters: [{exact: {type: com.example.sort}}]
  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: InferenceSink, name: triage}}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: ask}
spec:
  broker: orders
  filters: [{exact: {type: com.example.ask}}]
  subscriber: {ref: {apiVersion: v1, kind: Service, name: qwen}}
---
apiVersion: sluice.dev/v1alpha1
kind: InferenceSink
metadata: {name: triage}
spec:
  model: {ref: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: qwen}}
  reply: {type: "com.example.{{ output }}"}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: qwen}
spec:
  predictor:
    model:
      modelFormat: {name: huggingface}
      storageUri: file:///no/such/model
      args: [--served-model-name=Qwen/Qwen3-0.6B]
)");
  const std::vector<std::string> expected = {
      "Broker orders -> Trigger ask [type = com.example.ask]",
      "Broker orders -> Trigger sort [type = com.example.sort]",
      "InferenceSink triage -> InferenceService qwen [prompt]",
      "Trigger ask -> Broker orders [reply] [dev.sluice.inference.completion]",
      "Trigger ask -> InferenceService qwen",
      "Trigger sort -> Broker orders [reply] [com.example.{{ output }}]",
      "Trigger sort -> InferenceSink triage"};
  EXPECT_EQ(edges_of(view), expected);
  EXPECT_EQ(view.nodes.size(), 5U);
  const auto model = std::ranges::find(view.nodes, "InferenceService", &GraphView::Node::kind);
  ASSERT_NE(model, view.nodes.end());
  EXPECT_EQ(model->detail, "model Qwen/Qwen3-0.6B");
}

TEST(GraphView, HasWhatIsReadAndWrittenOutside) {
  ManifestOptions options;
  options.kafka_bootstrap_servers = "h:9092";
  const auto loaded = load_manifest_text(kOutside, "m.yaml", options);
  const GraphView view = graph_view(loaded.graph);
  std::vector<std::string> expected = {"KafkaSource in -> Broker orders",
                                       "KafkaSource in -> KafkaSink out [dead letter]",
                                       "RedisStreamSource clicks -> RedisChannel pipe",
                                       "Broker orders -> Trigger all",
                                       "Trigger all -> KafkaSink out",
                                       "RedisChannel pipe -> Subscription end",
                                       "Subscription end -> RedisStreamSink shipped"};
  std::ranges::sort(expected);
  EXPECT_EQ(edges_of(view), expected) << to_text(loaded.report);
  std::vector<std::string> details;
  for (const auto& node : view.nodes) {
    if (!node.detail.empty()) details.push_back(node.name + ": " + node.detail);
  }
  std::ranges::sort(details);
  EXPECT_EQ(details, (std::vector<std::string>{"clicks: stream a", "in: topic t, u",
                                               "orders: on KafkaChannel", "out: topic o",
                                               "shipped: stream b"}));
  EXPECT_EQ(to_json(view).find("secret"), std::string::npos);
}

TEST(GraphView, HasOneBoxForEachThing) {
  const GraphView view = view_of(kManifests);
  std::vector<std::string> names;
  for (const auto& node : view.nodes) {
    EXPECT_FALSE(node.kind.empty());
    names.push_back(node.kind + " " + node.ns + "/" + node.name);
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  EXPECT_EQ(names.size(), 15U);
}

TEST(GraphView, DrawsMermaid) {
  const std::string text = to_mermaid(view_of(kManifests));
  EXPECT_EQ(text.find("flowchart LR\n"), 0U);
  EXPECT_NE(text.find("([\"PingSource default/tick<br/>@hourly\"])"), std::string::npos) << text;
  EXPECT_NE(text.find("[\"Trigger default/big\"]\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" -->|\"type = a #quot;b#quot; #lt;c#gt; or source ends with x\"| "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(" -.->|\"dead letter\"| "), std::string::npos) << text;
  EXPECT_NE(text.find(" -->|\"reply\"| "), std::string::npos) << text;
}

TEST(GraphView, DrawsDot) {
  const std::string text = to_dot(view_of(kManifests));
  EXPECT_NE(text.find("style=dashed, label=\"dead letter\""), std::string::npos) << text;
  EXPECT_NE(text.find(" [label=\"type = a \\\"b\\\" <c> or source ends with x\"]"),
            std::string::npos)
      << text;
  EXPECT_EQ(std::ranges::count(text, '{'), std::ranges::count(text, '}'));
}

TEST(GraphView, DrawsJson) {
  const auto json = nlohmann::json::parse(to_json(view_of(kManifests)));
  EXPECT_EQ(json["nodes"].size(), 15U);
  EXPECT_EQ(json["edges"].size(), 15U);
  const auto dead = std::ranges::count_if(
      json["edges"], [](const auto& edge) { return edge["kind"] == "dead_letter"; });
  EXPECT_EQ(dead, 1);
}

constexpr const char* kMarked = R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: b}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: dead}
spec:
  broker: b
  filters: [{exact: {type: x}}, {exact: {type: y}}]
  subscriber: {uri: "http://h/"}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: ask}
spec:
  broker: b
  filters: [{prefix: {type: dev.sluice.}}]
  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: InferenceSink, name: s}}
  delivery: {deadLetterSink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: b}}}
---
apiVersion: sluice.dev/v1alpha1
kind: InferenceSink
metadata: {name: s}
spec: {model: {ref: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: q}}}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: q}
spec: {predictor: {model: {modelFormat: {name: huggingface}, storageUri: /no/such}}}
)";

TEST(GraphView, MarksLoopsAndWhatNeverMatchesInMermaid) {
  EXPECT_EQ(to_mermaid(view_of(kMarked)),
            "flowchart LR\n"
            "  n0{{\"Broker default/b\"}}\n"
            "  n1[\"Trigger default/dead<br/>never matches\"]:::never\n"
            "  n2(\"http://h/\")\n"
            "  n3[\"Trigger default/ask\"]\n"
            "  n4[\"InferenceSink default/s\"]\n"
            "  n5[\"InferenceService default/q\"]\n"
            "  n0 -->|\"type = x and type = y\"| n1\n"
            "  n1 --> n2\n"
            "  n0 -->|\"type starts with dev.sluice.\"| n3\n"
            "  n3 --> n4\n"
            "  n3 -->|\"reply loop: dev.sluice.inference.completion\"| n0\n"
            "  n3 -.->|\"dead letter\"| n0\n"
            "  n4 -->|\"prompt\"| n5\n"
            "  classDef never stroke:#c00,stroke-width:2px,stroke-dasharray:4 3\n"
            "  linkStyle 2,3,4 stroke:#c00,stroke-width:3px\n");
}

TEST(GraphView, MarksLoopsAndWhatNeverMatchesInDot) {
  const std::string text = to_dot(view_of(kMarked));
  for (const char* line :
       {"  n1 [shape=box, label=\"Trigger default/dead\\nnever matches\", style=dashed, "
        "color=red];\n",
        "  n0 -> n3 [label=\"type starts with dev.sluice.\", color=red, fontcolor=red, "
        "penwidth=2];\n",
        "  n3 -> n4 [color=red, fontcolor=red, penwidth=2];\n",
        "  n3 -> n0 [label=\"reply loop: dev.sluice.inference.completion\", color=red, ",
        "  n3 -> n0 [style=dashed, label=\"dead letter\"];\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(GraphView, MarksLoopsAndWhatNeverMatchesInJson) {
  const auto json = nlohmann::json::parse(to_json(view_of(kMarked)));
  for (const auto& node : json["nodes"]) {
    EXPECT_EQ(node.contains("never"), node["name"] == "dead") << node;
  }
  EXPECT_EQ(json["nodes"][1]["never"], "no event has both type = 'x' and type = 'y'");
  EXPECT_EQ(json["nodes"][1]["detail"], "type = x and type = y");
  std::vector<bool> loops;
  for (const auto& edge : json["edges"]) loops.push_back(edge["loop"].get<bool>());
  EXPECT_EQ(loops, (std::vector<bool>{false, false, true, true, true, false, false}));
}

TEST(GraphView, CutsLongTextsInPicturesOnly) {
  GraphView view;
  view.nodes = {{"n0", "Broker", "default", "b", "", ""},
                {"n1", "Trigger", "default", "t", "", ""}};
  std::string filter;
  for (int i = 0; i < 100; ++i) filter += "\u00e9";
  view.edges = {{"n0", "n1", GraphView::Edge::Kind::event, filter, false}};
  const std::string shown = filter.substr(0, 160) + "...";  // 80 characters of two bytes.
  EXPECT_NE(to_mermaid(view).find("|\"" + shown + "\"|"), std::string::npos) << to_mermaid(view);
  EXPECT_NE(to_dot(view).find("label=\"" + shown + "\""), std::string::npos) << to_dot(view);
  EXPECT_EQ(nlohmann::json::parse(to_json(view))["edges"][0]["label"], filter);
}

// A label of Mermaid ends at a quote, a statement at the end of its line.
TEST(GraphView, KeepsOneStatementALine) {
  GraphView view;
  view.nodes = {{"n0", "Broker", "default", "b", "", ""},
                {"n1", "Trigger", "default", "t", "", ""}};
  view.edges = {{"n0", "n1", GraphView::Edge::Kind::event, "a\"|b\r\n]c`d;<e>&#\x01\x7f\\", false}};
  EXPECT_NE(to_mermaid(view).find("  n0 -->|\"a#quot;|b  ]c#96;d;#lt;e#gt;#amp;#35;  \\\"| n1\n"),
            std::string::npos)
      << to_mermaid(view);
  EXPECT_NE(to_dot(view).find("label=\"a\\\"|b  ]c`d;<e>&#  \\\\\"];\n"), std::string::npos)
      << to_dot(view);
}

}  // namespace
}  // namespace sluice
