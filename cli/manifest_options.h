#pragma once

#include "cli/command.h"
#include "manifest/load.h"

namespace sluice {

/// Adds what every command that reads manifests takes: -f (needed, repeats), --resolve
/// NAMESPACE/NAME=URL, --cluster-domain, --kafka-bootstrap-servers, --strict-knative. `options`
/// must outlive `command`. A malformed value is a usage error.
void add_manifest_options(CLI::App& command, ManifestOptions& options);

}  // namespace sluice
