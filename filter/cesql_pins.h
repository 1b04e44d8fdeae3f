#pragma once

#include "filter/cesql/tree.h"
#include "filter/filter.h"

#include <vector>

namespace sluice {

/// What every event that passes the expression has (Filter::pins): `attribute = 'literal'`,
/// `attribute IN ('a', 'b')` and the fixed ends of LIKE patterns, through AND and OR.
[[nodiscard]] std::vector<PinSet> cesql_pins(const CesqlTree& tree);

}  // namespace sluice
