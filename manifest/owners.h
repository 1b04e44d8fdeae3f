#pragma once

#include "manifest/resource.h"

#include <vector>

namespace sluice {

/// Takes away what Knative's controllers made for a Sequence, Broker, Channel, ...: Sluice makes
/// those parts itself, under the same names. A warning where their owner is not in `resources`.
void leave_out_made(std::vector<Resource>& resources, Findings& findings);

}  // namespace sluice
