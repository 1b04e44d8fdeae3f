#pragma once

#include "manifest/resource_graph.h"

#include <string>
#include <vector>

namespace sluice {

/// The topology as a picture has it: boxes and arrows.
struct GraphView {
  struct Node {
    std::string id;      ///< "n0", "n1", ...
    std::string kind;    ///< "Broker", "Trigger", "Step", ...; the outside: "Service", "URL".
    std::string ns;      ///< Empty for a URL.
    std::string name;    ///< A URL's is the URL.
    std::string detail;  ///< What else there is to say: a filter, a schedule, a topic, ...
    std::string never;   ///< Why no event can pass a Trigger's filter; empty: some may.
  };
  struct Edge {
    enum class Kind { event, reply, dead_letter };
    std::string from;
    std::string to;
    Kind kind = Kind::event;
    std::string label;     ///< A Trigger's filter in words, a reply's type, "filter", "prompt".
    bool in_loop = false;  ///< Part of a circle that `validate` warns of.
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

/// Sources, brokers, triggers with their filters, channels, subscriptions, flows with their steps,
/// sinks, models and dead letter sinks. That a Trigger's replies enter its Broker is true of all
/// and drawn where it is known what they are: a model's, or wrapped answers.
[[nodiscard]] GraphView graph_view(const ResourceGraph& graph);

/// As pictures: a filter stands on the arrow to its Trigger, long texts are cut, and what never
/// matches and what runs in a circle is told by words and colour.
[[nodiscard]] std::string to_mermaid(const GraphView& view);
[[nodiscard]] std::string to_dot(const GraphView& view);
/// {"nodes": [{id, kind, namespace, name, detail, never?}], "edges": [{from, to, kind, label,
/// loop}]}, texts as long as they are; an edge's kind is "event", "reply" or "dead_letter".
[[nodiscard]] std::string to_json(const GraphView& view);

}  // namespace sluice
