// `sluice graph`: the topology that a set of manifests describes, as Mermaid, Graphviz or JSON.

#include "cli/graph_view.h"
#include "cli/manifest_options.h"

#include <iostream>
#include <memory>

namespace sluice {
namespace {

struct GraphFlags {
  ManifestOptions manifests;
  std::string format = "mermaid";
};

int graph(const GraphFlags& flags) {
  const auto loaded = load_manifests(flags.manifests);
  if (!loaded) {
    std::cerr << "error: " << loaded.error().detail << '\n';
    return kExitUsage;
  }
  if (loaded.value().report.has_errors()) {
    std::cerr << to_text(loaded.value().report);
    return kExitBad;
  }
  const GraphView view = graph_view(loaded.value().graph);
  if (flags.format == "json") {
    std::cout << to_json(view) << '\n';
  } else {
    std::cout << (flags.format == "dot" ? to_dot(view) : to_mermaid(view));
  }
  return kExitOk;
}

}  // namespace

void add_graph(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("graph", "Print the topology that manifests describe");
  auto flags = std::make_shared<GraphFlags>();
  add_manifest_options(*command, flags->manifests);
  command->add_option("-o,--output", flags->format, "mermaid, dot or json")
      ->check(CLI::IsMember({"mermaid", "dot", "json"}))
      ->capture_default_str();
  add_examples(*command,
               "  sluice graph -f examples/hello/\n"
               "  sluice graph -f broker.yaml -o dot | dot -Tsvg > broker.svg");
  command->callback([flags, &status] { status = graph(*flags); });
}

}  // namespace sluice
