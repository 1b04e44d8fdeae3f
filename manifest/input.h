#pragma once

#include "base/result.h"
#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <string>
#include <vector>

namespace sluice {

/// Reads what the command line names into `store.sources`: files, directories (recursive, `*.yaml`
/// and `*.yml`, sorted, nothing hidden), "-" for stdin. A file named twice is read once. A file
/// that is too large, or not UTF-8 text, is a finding.
/// Errors: not_found for a path that does not exist, unavailable for one that cannot be read.
[[nodiscard]] Result<void> read_inputs(const std::vector<std::string>& paths, YamlStore& store,
                                       Findings& findings);

/// Adds one text under `name`.
void add_input(std::string name, std::string text, YamlStore& store, Findings& findings);

}  // namespace sluice
