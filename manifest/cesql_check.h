#pragma once

#include "manifest/findings.h"
#include "manifest/yaml.h"

namespace sluice {

/// Reports what is wrong with the expression of a `cesql` filter, at its column where the scalar
/// stands in the source as it is; and warns of what is most likely not meant. `expression` is a
/// scalar.
void check_cesql(const YamlNode& expression, Findings& findings);

}  // namespace sluice
