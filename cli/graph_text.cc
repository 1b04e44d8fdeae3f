// The languages that `sluice graph` speaks.

#include "cli/graph_view.h"

#include <nlohmann/json.hpp>

#include <array>

namespace sluice {
namespace {

using Edge = GraphView::Edge;
using Node = GraphView::Node;

std::string title(const Node& node) {
  return node.ns.empty() ? node.name : node.ns + "/" + node.name;
}

// Mermaid's labels take HTML entities written with # and ;.
std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "#quot;";
        break;
      case '#':
        out += "#35;";
        break;
      case '<':
        out += "#lt;";
        break;
      case '>':
        out += "#gt;";
        break;
      case '&':
        out += "#amp;";
        break;
      case '`':
        out += "#96;";
        break;
      case '\n':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string dot_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

struct Form {
  std::string_view kind;
  std::string_view open;
  std::string_view close;
  std::string_view dot_shape;
};

// The last one is for all other kinds.
constexpr std::array<Form, 13> kForms = {{{"PingSource", "([", "])", "oval"},
                                          {"KafkaSource", "([", "])", "oval"},
                                          {"RedisStreamSource", "([", "])", "oval"},
                                          {"Broker", "{{", "}}", "hexagon"},
                                          {"Channel", "[(", ")]", "cylinder"},
                                          {"InMemoryChannel", "[(", ")]", "cylinder"},
                                          {"KafkaChannel", "[(", ")]", "cylinder"},
                                          {"RedisChannel", "[(", ")]", "cylinder"},
                                          {"Sequence", "[[", "]]", "component"},
                                          {"Parallel", "[[", "]]", "component"},
                                          {"URL", "(", ")", "note"},
                                          {"Service", "(", ")", "note"},
                                          {"", "[", "]", "box"}}};

const Form& form_of(const Node& node) {
  for (const Form& form : kForms) {
    if (form.kind == node.kind) return form;
  }
  return kForms.back();
}

std::string label_of(const Edge& edge) {
  if (edge.kind == Edge::Kind::dead_letter) return "dead letter";
  if (edge.kind == Edge::Kind::reply) return "reply";
  return edge.label;
}

}  // namespace

std::string to_mermaid(const GraphView& view) {
  std::string out = "flowchart LR\n";
  for (const Node& node : view.nodes) {
    const Form& form = form_of(node);
    std::string text = node.kind == "URL" ? "" : node.kind + " ";
    text = mermaid_text(text + title(node));
    if (!node.detail.empty()) text += "<br/>" + mermaid_text(node.detail);
    out +=
        "  " + node.id + std::string(form.open) + '"' + text + '"' + std::string(form.close) + '\n';
  }
  for (const Edge& edge : view.edges) {
    const std::string label = label_of(edge);
    out += "  " + edge.from + (edge.kind == Edge::Kind::dead_letter ? " -.->" : " -->");
    if (!label.empty()) out += "|\"" + mermaid_text(label) + "\"|";
    out += " " + edge.to + '\n';
  }
  return out;
}

std::string to_dot(const GraphView& view) {
  std::string out = "digraph sluice {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n";
  for (const Node& node : view.nodes) {
    std::string text = node.kind == "URL" ? "" : node.kind + " ";
    text = dot_text(text + title(node));
    if (!node.detail.empty()) text += "\\n" + dot_text(node.detail);
    out += "  " + node.id + " [shape=" + std::string(form_of(node).dot_shape) + ", label=\"" +
           text + "\"];\n";
  }
  for (const Edge& edge : view.edges) {
    std::string attributes;
    if (edge.kind == Edge::Kind::dead_letter) attributes = "style=dashed";
    const std::string label = label_of(edge);
    if (!label.empty()) {
      attributes += (attributes.empty() ? "" : ", ") + ("label=\"" + dot_text(label) + '"');
    }
    out += "  " + edge.from + " -> " + edge.to;
    out += attributes.empty() ? ";\n" : " [" + attributes + "];\n";
  }
  return out + "}\n";
}

std::string to_json(const GraphView& view) {
  auto nodes = nlohmann::json::array();
  for (const Node& node : view.nodes) {
    nodes.push_back({{"id", node.id},
                     {"kind", node.kind},
                     {"namespace", node.ns},
                     {"name", node.name},
                     {"detail", node.detail}});
  }
  constexpr std::array<std::string_view, 3> kWords = {"event", "reply", "dead_letter"};
  auto edges = nlohmann::json::array();
  for (const Edge& edge : view.edges) {
    edges.push_back({{"from", edge.from},
                     {"to", edge.to},
                     {"kind", kWords[static_cast<std::size_t>(edge.kind)]},
                     {"label", edge.label}});
  }
  return nlohmann::json{{"nodes", std::move(nodes)}, {"edges", std::move(edges)}}.dump(2);
}

}  // namespace sluice
