#pragma once

#include "manifest/resource.h"

#include <vector>

namespace sluice {

/// What `--strict-knative` refuses: whatever Knative would not take, or would do otherwise, as far
/// as docs/data-filters.md lists it. Each goes to `findings` where it stands.
void check_strict_knative(const std::vector<Resource>& resources, Findings& findings);

}  // namespace sluice
