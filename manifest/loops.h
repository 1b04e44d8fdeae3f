#pragma once

#include "manifest/build.h"

namespace sluice {

/// Warns of every loop that events surely run through: for ever, or until the hop count ends it.
void warn_of_loops(const std::vector<LocalRoute>& routes, Findings& findings);

}  // namespace sluice
