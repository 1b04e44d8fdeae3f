#include "filter/pins.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

std::vector<PinSet> pins_of_any(std::vector<std::vector<PinSet>> alternatives) {
  PinSet together;
  for (std::vector<PinSet>& sets : alternatives) {
    if (sets.empty()) return {};
    // The fewest lookups; of these, equality rather than a prefix or a suffix.
    const auto best = std::ranges::min_element(sets, {}, [](const PinSet& set) {
      return std::pair(set.size(), std::ranges::count_if(set, [](const Pin& pin) {
                         return pin.kind != Pin::Kind::exact;
                       }));
    });
    std::ranges::move(*best, std::back_inserter(together));
  }
  if (together.empty()) return {};
  return {std::move(together)};
}

}  // namespace sluice
