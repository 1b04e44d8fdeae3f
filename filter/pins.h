#pragma once

#include "filter/filter.h"

#include <vector>

namespace sluice {

/// The pins of a filter that passes when one of several does, from the pins of each: of every
/// alternative the set that is cheapest to look up, put together. None where one of them has none.
[[nodiscard]] std::vector<PinSet> pins_of_any(std::vector<std::vector<PinSet>> alternatives);

}  // namespace sluice
