#pragma once

#include "manifest/report.h"
#include "manifest/resource_graph.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace sluice {

/// What a command line says about manifests.
struct ManifestOptions {
  std::vector<std::string> paths;               ///< Files, directories (recursive), or "-".
  std::map<std::string, std::string> services;  ///< --resolve NAMESPACE/NAME=URL
  std::string cluster_domain;                   ///< --cluster-domain; empty: none
  std::string kafka_bootstrap_servers = {};     ///< --kafka-bootstrap-servers; empty: not said
  bool strict_knative = false;                  ///< --strict-knative: nothing of Sluice's own
};

struct LoadedManifests {
  ResourceGraph graph;    ///< Meaningful only when the report has no error.
  Report report;          ///< Every problem found, in one run.
  std::size_t files = 0;  ///< How many were read.
};

/// Reads every file, checks everything, resolves every reference.
/// Errors: not_found when a path does not exist, unavailable when it cannot be read (exit status 2
/// for both); problems inside the files are in the report, never here.
[[nodiscard]] Result<LoadedManifests> load_manifests(const ManifestOptions& options);

/// The same for text in memory; `file` is the name in positions.
[[nodiscard]] LoadedManifests load_manifest_text(std::string text, std::string file,
                                                 const ManifestOptions& options = {});

}  // namespace sluice
