#pragma once

#include "broker/delivery_policy_spec.h"

namespace sluice {

/// How long to wait before retry number `retry` (1, 2, ...): linear d, 2d, 3d; exponential d, 2d,
/// 4d; at most 10 minutes; plus `jitter` (0 to 1) of 10 %. A Retry-After, bounded by
/// `retry_after_max` where that is set, makes the wait longer, never shorter.
[[nodiscard]] std::chrono::milliseconds next_delay(
    const DeliveryPolicy& policy, int retry, std::optional<std::chrono::milliseconds> retry_after,
    double jitter) noexcept;

}  // namespace sluice
