#pragma once

#include "manifest/findings.h"
#include "manifest/yaml.h"

namespace sluice {

/// Reports what is wrong in the mapping that is the argument of the dialect `data`: at the path, or
/// at the pattern that does not compile. Nothing is said where nothing of it is wrong by itself.
void check_data_filter(const YamlNode& argument, Findings& findings);

}  // namespace sluice
