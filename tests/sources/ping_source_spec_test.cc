// What is checked: which PingSource fields are refused, with the field's name in front of the
// message, and which are warned of. Pure: no clock but for "never again", no I/O.

#include "sources/ping_settings.h"
#include "sources/ping_source_spec.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using nlohmann::json;

struct BadSpec {
  const char* spec;
  const char* begins;
  const char* contains;
};

void PrintTo(const BadSpec& row, std::ostream* out) { *out << row.spec; }

class PingSpecBad : public testing::TestWithParam<BadSpec> {};

TEST_P(PingSpecBad, IsRefusedWithItsFieldInFront) {
  const auto valid = validate_ping_spec(json::parse(GetParam().spec));
  ASSERT_FALSE(valid);
  const std::string& detail = valid.error().detail;
  EXPECT_EQ(valid.error().code, Errc::invalid_argument);
  EXPECT_TRUE(detail.starts_with(GetParam().begins)) << detail;
  EXPECT_NE(detail.find(GetParam().contains), std::string::npos) << detail;
}

INSTANTIATE_TEST_SUITE_P(
    Table, PingSpecBad,
    testing::Values(
        BadSpec{R"({"schedule": "2"})", "schedule: ", "expected 5 to 6 fields, found 1: [2]"},
        BadSpec{R"({"schedule": ""})", "schedule: ", "found 0"},
        BadSpec{R"({"schedule": 5})", "schedule: ", "want a string"},
        BadSpec{R"({"schedule": "0 0 * * 7"})", "schedule: ", "Sunday is 0"},
        BadSpec{R"({"schedule": "@every 10ms"})", "schedule: ", "below the minimum 1s"},
        BadSpec{R"({"schedule": "TZ=No/Where * * * * *"})", "schedule: ", "'No/Where'"},
        BadSpec{R"({"timezone": "No/Where"})", "timezone: ", "unknown time zone 'No/Where'"},
        BadSpec{R"({"schedule": "TZ=UTC @daily", "timezone": "UTC"})", "schedule: ", "twice"},
        BadSpec{R"({"data": "a", "dataBase64": "YQ=="})", "dataBase64: ", "'data' is set as well"},
        BadSpec{R"({"dataBase64": "a b"})", "dataBase64: ", "not valid base64"},
        BadSpec{R"({"dataBase64": "YQ"})", "dataBase64: ", "not valid base64"},
        BadSpec{R"({"contentType": "application/json", "data": "{"})", "data: ", "not valid JSON"},
        BadSpec{R"({"contentType": "application/json", "data": "hello"})", "data: ", "JSON"},
        BadSpec{R"({"contentType": "application/json; charset=utf-8", "data": "x"})",
                "data: ", "JSON"},
        BadSpec{R"({"contentType": "application/vnd.x+json", "data": "x"})", "data: ", "JSON"},
        BadSpec{R"({"contentType": "application/json", "dataBase64": "aGVsbG8="})",
                "dataBase64: ", "not valid JSON"},
        BadSpec{R"({"contentType": "nonsense"})", "contentType: ", "nonsense"}));

TEST(PingSpec, TakesEverythingThatIsRight) {
  for (const char* spec :
       {R"({})", R"({"schedule": "*/2 * * * *"})", R"({"schedule": "0/5 * * * * *"})",
        R"({"schedule": "10 0/5 * * * ?"})", R"({"schedule": "@every 2h"})",
        R"({"schedule": "@every 2h", "timezone": "Europe/Berlin"})",
        R"({"schedule": "CRON_TZ=Europe/Berlin @daily"})", R"({"timezone": ""})",
        R"({"contentType": "application/json", "data": "[1]"})",
        R"({"contentType": "application/json", "data": "5"})",
        R"({"contentType": "application/json", "data": "\"x\""})",
        R"({"contentType": "application/json", "dataBase64": "e30="})",
        R"({"contentType": "text/plain", "dataBase64": "aGVsbG8sIHdvcmxkIQ=="})",
        R"({"data": "", "dataBase64": "YQ=="})"}) {
    const auto valid = validate_ping_spec(json::parse(spec));
    EXPECT_TRUE(valid) << spec << ": " << valid.error().detail;
  }
}

TEST(PingSpec, KeepsTheDataByteForByte) {
  struct {
    const char* spec;
    std::string data;
    DataKind kind;
  } const table[] = {
      {R"({"data": "{\"n\": 1.50}", "contentType": "application/json"})", R"({"n": 1.50})",
       DataKind::json},
      {R"({"data": "{\"n\": 1.50}"})", R"({"n": 1.50})", DataKind::json},
      {R"({"data": "hello"})", "hello", DataKind::bytes},
      {R"({"data": "hello", "contentType": "text/plain"})", "hello", DataKind::text},
      {R"({"dataBase64": "aGVsbG8sIHdvcmxkIQ==", "contentType": "text/plain"})", "hello, world!",
       DataKind::bytes},
      {R"({"dataBase64": "AAEC"})", std::string("\0\1\2", 3), DataKind::bytes},
      {R"({"contentType": "text/plain"})", "", DataKind::none},
  };
  for (const auto& row : table) {
    const auto settings = read_ping_settings(json::parse(row.spec));
    ASSERT_TRUE(settings) << row.spec;
    EXPECT_EQ(settings.value().data, row.data) << row.spec;
    EXPECT_EQ(settings.value().data_kind, row.kind) << row.spec;
  }
}

TEST(PingWarnings, NameTheScheduleThatIsSurelyNotMeant) {
  const auto hourly = ping_warnings(json{{"schedule", "* */1 * * *"}});
  ASSERT_EQ(hourly.size(), 1U);
  EXPECT_TRUE(hourly[0].starts_with("schedule: ")) << hourly[0];
  EXPECT_NE(hourly[0].find("fires every minute"), std::string::npos) << hourly[0];

  const auto never = ping_warnings(json{{"schedule", "0 0 30 2 *"}});
  ASSERT_EQ(never.size(), 1U);
  EXPECT_NE(never[0].find("does not fire"), std::string::npos) << never[0];

  EXPECT_TRUE(ping_warnings(json{{"schedule", "0 * * * *"}}).empty());
  EXPECT_TRUE(ping_warnings(json{{"schedule", "2"}}).empty());  // An error, not a warning.
}

}  // namespace
}  // namespace sluice
