// What is checked: which texts are RFC 3339 timestamps, by table and by property, and how the clock
// is written. Pure but for one look at the system's clock.

#include "base/rfc3339.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

namespace sluice {
namespace {

TEST(Rfc3339, TakesValidTimestamps) {
  for (const char* text :
       {"2026-11-20T14:45:00Z", "2026-11-20T14:45:00.1Z", "2026-11-20T14:45:00.123456789Z",
        "2026-11-20T14:45:00.123456789012345678901234567890Z", "2026-11-20T14:45:00+01:00",
        "2026-11-20T14:45:00-23:59", "2026-11-20T14:45:00.5-00:00", "2026-11-20t14:45:00z",
        "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z", "1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00",
        "2017-01-01T00:59:60.5+01:00", "1937-01-01T12:00:27.87+00:20"}) {
    EXPECT_TRUE(is_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, RefusesTheRest) {
  for (const char* text : {"",
                           "now",
                           "2026-11-20",
                           "14:45:00Z",
                           "2026-11-20 14:45:00Z",
                           "2026-11-20T14:45:00",
                           "2026-11-20T14:45Z",
                           "2026-11-20T14:45:00.Z",
                           "2026-11-20T14:45:00,5Z",
                           "2026-11-20T14:45:00+1:00",
                           "2026-11-20T14:45:00+0100",
                           "2026-11-20T14:45:00+01",
                           "2026-11-20T14:45:00+24:00",
                           "2026-11-20T14:45:00+01:60",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T14:60:00Z",
                           "2026-11-20T14:45:61Z",
                           "2026-11-20T14:45:60Z",
                           "1990-12-31T23:59:60+01:00",
                           "2026-13-20T14:45:00Z",
                           "2026-00-20T14:45:00Z",
                           "2026-11-31T14:45:00Z",
                           "2026-11-00T14:45:00Z",
                           "2023-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "26-11-20T14:45:00Z",
                           "+2026-11-20T14:45:00Z",
                           "2026-11-20T14:45:00ZZ",
                           "2026-11-20T14:45:00Z ",
                           " 2026-11-20T14:45:00Z",
                           "2026/11/20T14:45:00Z",
                           "2026-11-20T14-45-00Z",
                           "2026-11-20T1a:45:00Z",
                           "1700000000",
                           "2026-W47-5T14:45:00Z",
                           "2026-11-20T14:45:00UTC"}) {
    EXPECT_FALSE(is_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, WritesUtcWithNanoseconds) {
  using std::chrono::nanoseconds;
  const std::chrono::system_clock::time_point when(nanoseconds(1795185900123456789));
  EXPECT_EQ(format_rfc3339(when), "2026-11-20T14:45:00.123456789Z");
  EXPECT_EQ(format_rfc3339(std::chrono::system_clock::time_point()),
            "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(format_rfc3339(std::chrono::system_clock::time_point(nanoseconds(-1))),
            "1969-12-31T23:59:59.999999999Z");
}

TEST(Rfc3339, NowLiesBetweenTwoLooksAtTheClock) {
  for (int i = 0; i < 1000; ++i) {
    const std::string before = format_rfc3339(std::chrono::system_clock::now());
    const std::string now(now_rfc3339());
    const std::string after = format_rfc3339(std::chrono::system_clock::now());
    EXPECT_LE(before, now);
    EXPECT_LE(now, after);
  }
}

RC_GTEST_PROP(Rfc3339, ReadsWhatItWrites, ()) {
  // The years 1678 to 2261 are what nanoseconds in 64 bits reach.
  const auto since_epoch = *rc::gen::arbitrary<std::int64_t>();
  const std::chrono::system_clock::time_point when{std::chrono::nanoseconds(since_epoch)};
  RC_ASSERT(is_rfc3339(format_rfc3339(when)));
}

}  // namespace
}  // namespace sluice
