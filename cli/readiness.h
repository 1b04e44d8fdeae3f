#pragma once

#include "cli/house.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Something of a house that does not work now.
struct Trouble {
  std::string_view what;  ///< "channel", "source" or "InferenceService".
  std::string ns;
  std::string name;
  std::string detail;
};

/// Everything that does not work now, for /readyz and the log. Any thread.
[[nodiscard]] std::vector<Trouble> troubles_of(const House& house);

/// Why `entry` is not ready, in a CamelCase word and in a line; both empty when it is.
struct Condition {
  std::string_view reason;
  std::string detail;
};
[[nodiscard]] Condition condition_of(const ResourceEntry& entry,
                                     const std::vector<Trouble>& troubles);

}  // namespace sluice
