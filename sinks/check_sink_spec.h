#pragma once

#include "base/result.h"
#include "sinks/sink_spec.h"

namespace sluice {

/// Whether make_sink() would take `spec`; for those who only read manifests.
/// Errors: invalid_argument (names the offending field).
[[nodiscard]] Result<void> check_sink_spec(const SinkSpec& spec);

}  // namespace sluice
