#pragma once

#include "base/result.h"

#include <chrono>
#include <string_view>

namespace sluice {

/// Reads an ISO-8601 duration as Knative's manifests write it: `PT0.2S`, `PT10M`, `P1DT2H`, `P2W`,
/// `PT0S`. The last number may have a fraction; what is left below a millisecond rounds up. At most
/// 100 years.
/// Errors: invalid_argument, with a word on what to write instead: for years and months (how long
/// they are depends on the date), a sign, other notations such as `30s`.
[[nodiscard]] Result<std::chrono::milliseconds> parse_iso_duration(std::string_view text);

}  // namespace sluice
