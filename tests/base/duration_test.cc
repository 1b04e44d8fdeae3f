// What is checked: ISO-8601 durations as manifests write them, to the millisecond, and that what is
// none is refused with a word on what to write. Method: tables over parse_iso_duration().

#include "base/duration.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sluice {
namespace {

struct GoodDuration {
  const char* text;
  std::int64_t ms;
};

class Duration : public testing::TestWithParam<GoodDuration> {};

TEST_P(Duration, IsReadToTheMillisecond) {
  const auto parsed = parse_iso_duration(GetParam().text);
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed.value().count(), GetParam().ms);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Duration,
    testing::Values(GoodDuration{"PT0S", 0}, GoodDuration{"P0D", 0}, GoodDuration{"PT1S", 1000},
                    GoodDuration{"PT0.2S", 200}, GoodDuration{"PT0,2S", 200},
                    GoodDuration{"PT1.5S", 1500}, GoodDuration{"PT0.0001S", 1},
                    GoodDuration{"PT0.0010S", 1}, GoodDuration{"PT0.0010000000001S", 2},
                    GoodDuration{"PT2M", 120'000}, GoodDuration{"PT1M30S", 90'000},
                    GoodDuration{"PT0.5M", 30'000}, GoodDuration{"PT1.5H", 5'400'000},
                    GoodDuration{"PT600S", 600'000}, GoodDuration{"PT10H", 36'000'000},
                    GoodDuration{"P1D", 86'400'000}, GoodDuration{"P1DT2H", 93'600'000},
                    GoodDuration{"P0.5D", 43'200'000}, GoodDuration{"P2W", 1'209'600'000},
                    GoodDuration{"P1W1DT1H1M1.001S", 694'861'001},
                    GoodDuration{"P36500D", 3'153'600'000'000}));

struct BadDuration {
  const char* text;
  const char* message_part;
};

class DurationBad : public testing::TestWithParam<BadDuration> {};

TEST_P(DurationBad, IsRefusedWithAWordOnWhatToWrite) {
  const auto parsed = parse_iso_duration(GetParam().text);
  ASSERT_FALSE(parsed) << parsed.value().count();
  EXPECT_EQ(parsed.error().code, Errc::invalid_argument);
  EXPECT_NE(parsed.error().detail.find(GetParam().message_part), std::string::npos)
      << parsed.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Table, DurationBad,
    testing::Values(
        BadDuration{"", "it is empty"}, BadDuration{"P", "names no time"},
        BadDuration{"PT", "names no time"}, BadDuration{"P1DT", "behind the T"},
        BadDuration{"30s", "PT30S"}, BadDuration{"30", "PT30S"}, BadDuration{"pt30s", "PT30S"},
        BadDuration{"P1Y", "P365D"}, BadDuration{"P1M", "PT1M for a minute"},
        BadDuration{"P1Y2M", "year"}, BadDuration{"-PT1S", "sign"}, BadDuration{"+PT1S", "sign"},
        BadDuration{"PT-1S", "number"}, BadDuration{"PT1", "without a unit"},
        BadDuration{"PT1.S", "number"}, BadDuration{"PT.5S", "number"},
        BadDuration{"PTS", "number"}, BadDuration{"PT1S1S", "order"},
        BadDuration{"PT1S1M", "order"}, BadDuration{"PT1D", "order"}, BadDuration{"P1H", "order"},
        BadDuration{"P1D1W", "order"}, BadDuration{"PT1.5H30M", "last number"},
        BadDuration{"P0.5DT1H", "last number"}, BadDuration{"PT1ST1S", "number"},
        BadDuration{"PT1S ", "number"}, BadDuration{" PT1S", "ISO-8601"},
        BadDuration{"PT1X", "'X'"}, BadDuration{"P36501D", "100 years"},
        BadDuration{"PT99999999999999999999S", "number"}, BadDuration{"P36500DT1S", "100 years"}));

}  // namespace
}  // namespace sluice
