// The languages that `sluice graph` speaks.

#include "base/utf8.h"
#include "cli/graph_view.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace sluice {
namespace {

using Edge = GraphView::Edge;
using Node = GraphView::Node;

std::string title(const Node& node) {
  return node.ns.empty() ? node.name : node.ns + "/" + node.name;
}

// As much of it as a picture has room for, on one line.
std::string shown(std::string_view text) {
  constexpr std::size_t kMostChars = 80;
  std::string out;
  std::size_t chars = 0;
  while (!text.empty()) {
    if (++chars > kMostChars) return out + "...";
    const Utf8Char next = first_char(text);
    const std::size_t size = std::max<std::size_t>(next.size, 1);
    const bool is_control = next.size == 0 || next.code < 0x20 || next.code == 0x7f;
    out += is_control ? std::string_view(" ") : text.substr(0, size);
    text.remove_prefix(size);
  }
  return out;
}

// Mermaid's labels take HTML entities written with # and ;.
std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : shown(text)) {
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
      default:
        out += c;
    }
  }
  return out;
}

std::string dot_text(std::string_view text) {
  std::string out;
  for (const char c : shown(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
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
  if (edge.kind != Edge::Kind::reply) return edge.label;
  const std::string word = edge.in_loop ? "reply loop" : "reply";
  return edge.label.empty() ? word : word + ": " + edge.label;
}

// What a box says below its name. A Trigger's filter stands on the arrow to it.
std::string_view second_line(const Node& node) {
  if (!node.never.empty()) return "never matches";
  return node.kind == "Trigger" ? std::string_view() : std::string_view(node.detail);
}

// The styles of what is marked: lines of Mermaid.
std::string mermaid_styles(const GraphView& view) {
  std::string out;
  const bool has_never =
      std::ranges::any_of(view.nodes, [](const Node& node) { return !node.never.empty(); });
  if (has_never) out += "  classDef never stroke:#c00,stroke-width:2px,stroke-dasharray:4 3\n";
  std::string in_loop;
  for (std::size_t i = 0; i < view.edges.size(); ++i) {
    if (view.edges[i].in_loop) in_loop += (in_loop.empty() ? "" : ",") + std::to_string(i);
  }
  if (!in_loop.empty()) out += "  linkStyle " + in_loop + " stroke:#c00,stroke-width:3px\n";
  return out;
}

}  // namespace

std::string to_mermaid(const GraphView& view) {
  std::string out = "flowchart LR\n";
  for (const Node& node : view.nodes) {
    const Form& form = form_of(node);
    std::string text = node.kind == "URL" ? "" : node.kind + " ";
    text = mermaid_text(text + title(node));
    const std::string below = mermaid_text(second_line(node));
    if (!below.empty()) text += "<br/>" + below;
    out += "  " + node.id + std::string(form.open) + '"' + text + '"' + std::string(form.close);
    out += node.never.empty() ? "\n" : ":::never\n";
  }
  for (const Edge& edge : view.edges) {
    const std::string label = label_of(edge);
    out += "  " + edge.from + (edge.kind == Edge::Kind::dead_letter ? " -.->" : " -->");
    if (!label.empty()) out += "|\"" + mermaid_text(label) + "\"|";
    out += " " + edge.to + '\n';
  }
  return out + mermaid_styles(view);
}

std::string to_dot(const GraphView& view) {
  std::string out = "digraph sluice {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n";
  for (const Node& node : view.nodes) {
    std::string text = node.kind == "URL" ? "" : node.kind + " ";
    text = dot_text(text + title(node));
    const std::string below = dot_text(second_line(node));
    if (!below.empty()) text += "\\n" + below;
    out += "  " + node.id + " [shape=" + std::string(form_of(node).dot_shape) + ", label=\"" +
           text + '"' + (node.never.empty() ? "" : ", style=dashed, color=red") + "];\n";
  }
  for (const Edge& edge : view.edges) {
    std::string attributes;
    const auto add = [&attributes](const std::string& text) {
      attributes += (attributes.empty() ? "" : ", ") + text;
    };
    if (edge.kind == Edge::Kind::dead_letter) add("style=dashed");
    const std::string label = label_of(edge);
    if (!label.empty()) add("label=\"" + dot_text(label) + '"');
    if (edge.in_loop) add("color=red, fontcolor=red, penwidth=2");
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
    if (!node.never.empty()) nodes.back()["never"] = node.never;
  }
  constexpr std::array<std::string_view, 3> kWords = {"event", "reply", "dead_letter"};
  auto edges = nlohmann::json::array();
  for (const Edge& edge : view.edges) {
    edges.push_back({{"from", edge.from},
                     {"to", edge.to},
                     {"kind", kWords[static_cast<std::size_t>(edge.kind)]},
                     {"label", edge.label},
                     {"loop", edge.in_loop}});
  }
  return nlohmann::json{{"nodes", std::move(nodes)}, {"edges", std::move(edges)}}.dump(2);
}

}  // namespace sluice
