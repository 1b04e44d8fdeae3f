#pragma once

#include "sinks/sink_spec.h"

#include <chrono>
#include <optional>

namespace sluice {

enum class BackoffPolicy { linear, exponential };

/// A `delivery` block with its defaults and fallbacks applied.
struct DeliveryPolicy {
  int retry = 0;  ///< N means N+1 attempts.
  BackoffPolicy backoff_policy = BackoffPolicy::exponential;
  std::chrono::milliseconds backoff_delay{0};
  std::chrono::milliseconds timeout{600'000};                ///< Per attempt.
  std::optional<std::chrono::milliseconds> retry_after_max;  ///< Absent: Retry-After as it came.
  std::optional<Destination> dead_letter_sink;
  DeliveryFormat format = DeliveryFormat::binary;
};

}  // namespace sluice
