#include "broker/delivery_policy.h"

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMaxBackoff = std::chrono::minutes(10);
// A Retry-After without a limit of ours is honoured, but a typo in it must not park an event for
// good.
constexpr milliseconds kMaxRetryAfter = std::chrono::hours(24);

milliseconds backoff(const DeliveryPolicy& policy, int retry) noexcept {
  const milliseconds delay = std::min(policy.backoff_delay, kMaxBackoff);
  if (policy.backoff_policy == BackoffPolicy::linear) {
    return std::min(delay * std::min(retry, 1'000'000), kMaxBackoff);
  }
  // Past 2^20 times even a millisecond is over the limit.
  const int doublings = std::min(retry - 1, 20);
  return std::min(delay * (std::int64_t{1} << doublings), kMaxBackoff);
}

}  // namespace

milliseconds next_delay(const DeliveryPolicy& policy, int retry,
                        std::optional<milliseconds> retry_after, double jitter) noexcept {
  const milliseconds base = backoff(policy, retry);
  const auto wait =
      base +
      milliseconds(static_cast<std::int64_t>(static_cast<double>(base.count()) * 0.1 * jitter));
  if (!retry_after) return wait;
  return std::max(wait, std::min(*retry_after, policy.retry_after_max.value_or(kMaxRetryAfter)));
}

}  // namespace sluice
