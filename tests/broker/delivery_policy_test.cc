// What is checked: how long each retry waits, as tables (knative.md 3.2, 3.3, cases 73, 74, 76,
// with Sluice's choices). Pure functions: no clock, no I/O.

#include "broker/delivery_policy.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

DeliveryPolicy policy(BackoffPolicy backoff, milliseconds delay) {
  DeliveryPolicy made;
  made.retry = 10;
  made.backoff_policy = backoff;
  made.backoff_delay = delay;
  return made;
}

struct BackoffRow {
  BackoffPolicy policy;
  milliseconds delay;
  int retry;
  milliseconds wait;
};

class Backoff : public testing::TestWithParam<BackoffRow> {};

TEST_P(Backoff, WaitsAsTheTableSays) {
  const BackoffRow& row = GetParam();
  EXPECT_EQ(next_delay(policy(row.policy, row.delay), row.retry, std::nullopt, 0.0), row.wait);
}

constexpr auto kLinear = BackoffPolicy::linear;
constexpr auto kExponential = BackoffPolicy::exponential;

INSTANTIATE_TEST_SUITE_P(
    Table, Backoff,
    testing::Values(
        BackoffRow{kLinear, 2500ms, 1, 2500ms}, BackoffRow{kLinear, 2500ms, 2, 5000ms},
        BackoffRow{kLinear, 2500ms, 5, 12500ms}, BackoffRow{kLinear, 1min, 9, 9min},
        BackoffRow{kLinear, 1min, 11, 10min}, BackoffRow{kLinear, 1min, 2'000'000'000, 10min},
        BackoffRow{kExponential, 1500ms, 1, 1500ms}, BackoffRow{kExponential, 1500ms, 2, 3000ms},
        BackoffRow{kExponential, 1500ms, 3, 6000ms}, BackoffRow{kExponential, 200ms, 10, 102'400ms},
        BackoffRow{kExponential, 200ms, 13, 10min}, BackoffRow{kExponential, 1ms, 1'000'000, 10min},
        BackoffRow{kExponential, 0ms, 5, 0ms}, BackoffRow{kLinear, 0ms, 5, 0ms},
        BackoffRow{kExponential, 1h, 1, 10min}));

TEST(NextDelay, AddsAtMostTenPercentOfJitter) {
  const auto made = policy(kExponential, 1000ms);
  EXPECT_EQ(next_delay(made, 1, std::nullopt, 0.5), 1050ms);
  EXPECT_LE(next_delay(made, 1, std::nullopt, 0.9999), 1100ms);
}

struct RetryAfterRow {
  std::optional<milliseconds> max;
  std::optional<milliseconds> asked;
  milliseconds wait;
};

class RetryAfterBound : public testing::TestWithParam<RetryAfterRow> {};

TEST_P(RetryAfterBound, MakesTheWaitLongerNeverShorter) {
  auto made = policy(kExponential, 1000ms);
  made.retry_after_max = GetParam().max;
  EXPECT_EQ(next_delay(made, 1, GetParam().asked, 0.0), GetParam().wait);
}

INSTANTIATE_TEST_SUITE_P(Table, RetryAfterBound,
                         testing::Values(RetryAfterRow{std::nullopt, std::nullopt, 1s},
                                         RetryAfterRow{std::nullopt, 5s, 5s},
                                         RetryAfterRow{10s, 5s, 5s}, RetryAfterRow{2s, 5s, 2s},
                                         RetryAfterRow{0ms, 5s, 1s}, RetryAfterRow{10s, 500ms, 1s},
                                         RetryAfterRow{std::nullopt, 1000h, 24h}));

}  // namespace
}  // namespace sluice
