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
    std::string detail;  ///< What else its box says: a filter, a schedule, a topic, ...
  };
  struct Edge {
    enum class Kind { event, reply, dead_letter };
    std::string from;
    std::string to;
    Kind kind = Kind::event;
    std::string label;  ///< Where an event edge is not just that, e.g. "filter".
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

/// Sources, brokers, triggers with their filters, channels, subscriptions, flows with their steps,
/// sinks, models and dead letter sinks. That a Trigger's replies enter its Broker is true of all
/// and not drawn.
[[nodiscard]] GraphView graph_view(const ResourceGraph& graph);

[[nodiscard]] std::string to_mermaid(const GraphView& view);
[[nodiscard]] std::string to_dot(const GraphView& view);
/// {"nodes": [{id, kind, namespace, name, detail}], "edges": [{from, to, kind, label}]}; an edge's
/// kind is "event", "reply" or "dead_letter".
[[nodiscard]] std::string to_json(const GraphView& view);

}  // namespace sluice
