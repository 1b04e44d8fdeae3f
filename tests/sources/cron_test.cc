// What is checked: cron expressions to fire times, in tables: fields, steps, names, descriptors,
// day of month against day of week, month ends, leap days, both changes of the clock in zones east
// and west of UTC; each bad expression with what the operator must see; and that the search by
// fields agrees with asking every second. No clock: every test names its own start.

#include "sources/cron.h"

#include <date/tz.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

namespace sluice {
namespace {

CronTime utc(const std::string& text) {
  std::istringstream in(text);
  CronTime time;
  in >> date::parse("%FT%TZ", time);
  EXPECT_FALSE(in.fail()) << text;
  return time;
}

CronSchedule parsed(std::string_view expression, std::string_view timezone = {}) {
  auto schedule = CronSchedule::parse(expression, timezone);
  if (!schedule) throw std::runtime_error(schedule.error().detail);
  return std::move(schedule.value());
}

// The next `count` fire times, space-separated.
std::string next_times(const CronSchedule& schedule, const std::string& from, int count) {
  std::string times;
  const CronTime start = utc(from);
  auto at = std::optional(start);
  for (int i = 0; i < count; ++i) {
    at = schedule.next(*at, start);
    times += i > 0 ? " " : "";
    if (!at) return times + "never";
    times += schedule.to_rfc3339(*at);
  }
  return times;
}

struct FireTimes {
  const char* expression;
  const char* timezone;
  const char* from;
  const char* want;  // As many as are written here are asked for.
};

void PrintTo(const FireTimes& row, std::ostream* out) {
  *out << row.expression << " " << row.timezone << " from " << row.from;
}

class CronNext : public testing::TestWithParam<FireTimes> {};

TEST_P(CronNext, GivesTheFireTimesInOrder) {
  const auto& row = GetParam();
  const std::string want = row.want;
  const auto count = static_cast<int>(std::ranges::count(want, ' ')) + 1;
  EXPECT_EQ(next_times(parsed(row.expression, row.timezone), row.from, count), want);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, CronNext,
    testing::Values(
        FireTimes{"* * * * *", "", "2026-01-31T23:59:00Z",
                  "2026-02-01T00:00:00Z 2026-02-01T00:01:00Z"},
        FireTimes{"* * * * *", "", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01:00Z"},
        FireTimes{"* * * * * *", "", "2026-12-31T23:59:58Z",
                  "2026-12-31T23:59:59Z 2027-01-01T00:00:00Z"},
        FireTimes{"0/5 * * * * *", "", "2026-01-01T00:00:50Z",
                  "2026-01-01T00:00:55Z 2026-01-01T00:01:00Z"},
        FireTimes{"10 0/1 * * * ?", "", "2026-01-01T00:00:10Z",
                  "2026-01-01T00:01:10Z 2026-01-01T00:02:10Z"},
        FireTimes{"*/2 * * * *", "", "2026-01-01T00:57:00Z",
                  "2026-01-01T00:58:00Z 2026-01-01T01:00:00Z"},
        FireTimes{"*/7 * * * *", "", "2026-01-01T00:50:00Z",
                  "2026-01-01T00:56:00Z 2026-01-01T01:00:00Z"},
        FireTimes{"50/5 * * * *", "", "2026-01-01T00:00:00Z",
                  "2026-01-01T00:50:00Z 2026-01-01T00:55:00Z 2026-01-01T01:50:00Z"},
        FireTimes{"1-10/4 * * * *", "", "2026-01-01T00:00:00Z",
                  "2026-01-01T00:01:00Z 2026-01-01T00:05:00Z 2026-01-01T00:09:00Z "
                  "2026-01-01T01:01:00Z"},
        FireTimes{"5,1,3-4 * * * *", "", "2026-01-01T00:00:00Z",
                  "2026-01-01T00:01:00Z 2026-01-01T00:03:00Z 2026-01-01T00:04:00Z "
                  "2026-01-01T00:05:00Z 2026-01-01T01:01:00Z"},
        FireTimes{"* */1 * * *", "", "2026-01-01T00:00:00Z",
                  "2026-01-01T00:01:00Z 2026-01-01T00:02:00Z"},
        FireTimes{"59 59 23 31 12 ?", "", "2026-01-01T00:00:00Z",
                  "2026-12-31T23:59:59Z 2027-12-31T23:59:59Z"},
        FireTimes{"15 30 4 * * *", "", "2026-01-01T04:30:15Z", "2026-01-02T04:30:15Z"},
        FireTimes{"15 30 4 * * *", "", "2026-01-01T04:30:14Z", "2026-01-01T04:30:15Z"},
        FireTimes{"30 10,20 * * * *", "", "2026-01-01T00:10:31Z",
                  "2026-01-01T00:20:30Z 2026-01-01T01:10:30Z"},
        FireTimes{"0 0 1 JAN,Jul ?", "", "2026-01-01T00:00:00Z",
                  "2026-07-01T00:00:00Z 2027-01-01T00:00:00Z"},
        FireTimes{"0 9 * * mon-fri", "", "2026-01-02T09:00:00Z",
                  "2026-01-05T09:00:00Z 2026-01-06T09:00:00Z"},
        FireTimes{"0 9 * * SUN", "", "2026-01-02T09:00:00Z", "2026-01-04T09:00:00Z"},
        FireTimes{"0 0 * * 6", "", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"},
        FireTimes{"0 0 * feb-apr/2 *", "", "2026-02-28T00:00:00Z", "2026-04-01T00:00:00Z"},
        FireTimes{"\t0   12 * * * ", "", "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"},
        FireTimes{"007 01 * * *", "", "2026-01-01T00:00:00Z", "2026-01-01T01:07:00Z"},
        FireTimes{"0 0 1 1 *", "", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
        FireTimes{"0 0 1 1 *", "", "1960-06-01T00:00:00Z", "1961-01-01T00:00:00Z"},
        FireTimes{"0 0 1 1 *", "", "2400-06-01T00:00:00Z", "2401-01-01T00:00:00Z"}));

INSTANTIATE_TEST_SUITE_P(
    Days, CronNext,
    testing::Values(
        // Months without that day are passed over.
        FireTimes{"0 0 31 * *", "", "2026-01-31T00:00:00Z",
                  "2026-03-31T00:00:00Z 2026-05-31T00:00:00Z 2026-07-31T00:00:00Z "
                  "2026-08-31T00:00:00Z"},
        FireTimes{"0 0 30 * *", "", "2026-01-30T00:00:00Z", "2026-03-30T00:00:00Z"},
        FireTimes{"0 0 29 2 *", "", "2026-01-01T00:00:00Z",
                  "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z"},
        FireTimes{"0 0 29 2 *", "", "2096-02-29T00:00:00Z", "never"},  // 2100 is no leap year.
        FireTimes{"0 0 29 2 *", "", "2099-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
        FireTimes{"0 0 30 2 *", "", "2026-01-01T00:00:00Z", "never"},
        FireTimes{"0 0 31 4,6,9,11 *", "", "2026-01-01T00:00:00Z", "never"},
        FireTimes{"0 0 1 1 *", "", "9999-01-01T00:00:00Z", "never"},
        // Neither day field is a star: either may match. 2026-01-01 is a Thursday.
        FireTimes{"0 0 13 * 5", "", "2026-02-01T00:00:00Z",
                  "2026-02-06T00:00:00Z 2026-02-13T00:00:00Z 2026-02-20T00:00:00Z "
                  "2026-02-27T00:00:00Z 2026-03-06T00:00:00Z 2026-03-13T00:00:00Z"},
        FireTimes{"0 0 1,15 * sun", "", "2026-01-01T00:00:00Z",
                  "2026-01-04T00:00:00Z 2026-01-11T00:00:00Z 2026-01-15T00:00:00Z "
                  "2026-01-18T00:00:00Z"},
        FireTimes{"0 0 30 2 1", "", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"},
        // One is: both must.
        FireTimes{"0 0 13 * *", "", "2026-01-01T00:00:00Z",
                  "2026-01-13T00:00:00Z 2026-02-13T00:00:00Z"},
        FireTimes{"0 0 13 * ?", "", "2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"},
        FireTimes{"0 0 ? * 5", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
        FireTimes{"0 0 */1 * 5", "", "2026-01-01T00:00:00Z",
                  "2026-01-02T00:00:00Z 2026-01-09T00:00:00Z"},
        // A step above 1 is no star any more.
        FireTimes{"0 0 */10 * sun", "", "2026-01-01T00:00:00Z",
                  "2026-01-04T00:00:00Z 2026-01-11T00:00:00Z 2026-01-18T00:00:00Z "
                  "2026-01-21T00:00:00Z"},
        FireTimes{"0 0 13 * */3", "", "2026-02-10T00:00:00Z",
                  "2026-02-11T00:00:00Z 2026-02-13T00:00:00Z 2026-02-14T00:00:00Z"},
        FireTimes{"0 0 13 * 0-6", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"}));

INSTANTIATE_TEST_SUITE_P(
    Descriptors, CronNext,
    testing::Values(
        FireTimes{"@hourly", "", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"},
        FireTimes{"@daily", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
        FireTimes{"@midnight", "", "2026-01-01T00:00:01Z", "2026-01-02T00:00:00Z"},
        FireTimes{"@weekly", "", "2026-01-01T00:00:00Z",
                  "2026-01-04T00:00:00Z 2026-01-11T00:00:00Z"},
        FireTimes{"@monthly", "", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
        FireTimes{"@yearly", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
        FireTimes{"@annually", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
        FireTimes{"@every 90s", "", "2026-01-01T00:00:10Z",
                  "2026-01-01T00:01:40Z 2026-01-01T00:03:10Z"},
        FireTimes{"@every 1h30m", "", "2026-01-01T00:00:00Z",
                  "2026-01-01T01:30:00Z 2026-01-01T03:00:00Z"},
        FireTimes{"@every 1.5s", "", "2026-01-01T00:00:00Z",
                  "2026-01-01T00:00:01.500Z 2026-01-01T00:00:03Z"},
        FireTimes{"@every 1000ms", "", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"},
        FireTimes{"@every  2h", "Asia/Tokyo", "2026-01-01T00:00:00Z", "2026-01-01T11:00:00+09:00"},
        FireTimes{"TZ=Asia/Tokyo @daily", "", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00+09:00"},
        FireTimes{"CRON_TZ=Asia/Tokyo 0 9 * * *", "", "2026-01-01T00:00:00Z",
                  "2026-01-02T09:00:00+09:00"},
        FireTimes{"CRON_TZ=UTC @every 30s", "", "2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"}));

// Berlin: 2026-03-29 02:00 +01 becomes 03:00 +02; 2026-10-25 03:00 +02 becomes 02:00 +01.
INSTANTIATE_TEST_SUITE_P(
    Berlin, CronNext,
    testing::Values(FireTimes{"0 12 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
                              "2026-03-28T12:00:00+01:00 2026-03-29T12:00:00+02:00"},
                    // The skipped hour does not fire.
                    FireTimes{"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
                              "2026-03-28T02:30:00+01:00 2026-03-30T02:30:00+02:00"},
                    FireTimes{"0 2 29 3 *", "Europe/Berlin", "2026-01-01T00:00:00Z",
                              "2027-03-29T02:00:00+02:00"},
                    FireTimes{"*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
                              "2026-03-29T01:30:00+01:00 2026-03-29T03:00:00+02:00 "
                              "2026-03-29T03:30:00+02:00"},
                    FireTimes{"0 1-4 * * *", "Europe/Berlin", "2026-03-28T23:30:00Z",
                              "2026-03-29T01:00:00+01:00 2026-03-29T03:00:00+02:00 "
                              "2026-03-29T04:00:00+02:00"},
                    // In the repeated hour a fixed hour fires once...
                    FireTimes{"30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z",
                              "2026-10-24T02:30:00+02:00 2026-10-25T02:30:00+02:00 "
                              "2026-10-26T02:30:00+01:00"},
                    FireTimes{"*/30 2 * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
                              "2026-10-25T02:00:00+02:00 2026-10-25T02:30:00+02:00 "
                              "2026-10-26T02:00:00+01:00"},
                    FireTimes{"30 */2 * * *", "Europe/Berlin", "2026-10-24T23:00:00Z",
                              "2026-10-25T02:30:00+02:00 2026-10-25T04:30:00+01:00"},
                    FireTimes{"0 0-23 * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
                              "2026-10-25T02:00:00+02:00 2026-10-25T03:00:00+01:00"},
                    // ... also when the search starts inside it,
                    FireTimes{"30 2 * * *", "Europe/Berlin", "2026-10-25T01:00:00Z",
                              "2026-10-26T02:30:00+01:00"},
                    // ... and a starred hour each time.
                    FireTimes{"0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
                              "2026-10-25T02:00:00+02:00 2026-10-25T02:00:00+01:00 "
                              "2026-10-25T03:00:00+01:00"},
                    FireTimes{"30 */1 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z",
                              "2026-10-25T02:30:00+02:00 2026-10-25T02:30:00+01:00 "
                              "2026-10-25T03:30:00+01:00"},
                    FireTimes{"0 3 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z",
                              "2026-10-25T03:00:00+01:00"},
                    FireTimes{"@every 1h", "Europe/Berlin", "2026-10-25T00:00:00Z",
                              "2026-10-25T02:00:00+01:00 2026-10-25T03:00:00+01:00"}));

// New York: 2026-03-08 02:00 -05 becomes 03:00 -04; 2026-11-01 02:00 -04 becomes 01:00 -05.
INSTANTIATE_TEST_SUITE_P(
    NewYorkAndOthers, CronNext,
    testing::Values(
        FireTimes{"30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
                  "2026-03-09T02:30:00-04:00"},
        FireTimes{"0 3 * * *", "America/New_York", "2026-03-07T12:00:00Z",
                  "2026-03-08T03:00:00-04:00"},
        FireTimes{"0 * * * *", "America/New_York", "2026-03-08T06:00:00Z",
                  "2026-03-08T03:00:00-04:00"},
        FireTimes{"0 1 * * *", "America/New_York", "2026-11-01T04:00:00Z",
                  "2026-11-01T01:00:00-04:00 2026-11-02T01:00:00-05:00"},
        FireTimes{"0 * * * *", "America/New_York", "2026-11-01T04:30:00Z",
                  "2026-11-01T01:00:00-04:00 2026-11-01T01:00:00-05:00 "
                  "2026-11-01T02:00:00-05:00"},
        FireTimes{"0 0 * * *", "America/New_York", "2026-11-01T03:00:00Z",
                  "2026-11-01T00:00:00-04:00 2026-11-02T00:00:00-05:00"},
        // Half an hour of change, at midnight, and never any.
        FireTimes{"45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z",
                  "2026-04-05T01:45:00+11:00 2026-04-06T01:45:00+10:30"},
        FireTimes{"0 0 * * *", "America/Asuncion", "2023-09-30T12:00:00Z",
                  "2023-10-02T00:00:00-03:00"},
        FireTimes{"0 9 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T09:00:00+05:30"},
        // A whole day was skipped.
        FireTimes{"0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
                  "2011-12-29T12:00:00-10:00 2011-12-31T12:00:00+14:00"},
        FireTimes{"0 12 * * *", "Europe/London", "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"},
        FireTimes{"0 0 1 1 *", "Europe/Berlin", "1850-06-01T00:00:00Z", "1850-12-31T23:06:32Z"}));

struct BadExpression {
  const char* expression;
  const char* timezone;
  const char* message_part;
};

void PrintTo(const BadExpression& row, std::ostream* out) { *out << row.expression; }

class CronBadExpression : public testing::TestWithParam<BadExpression> {};

TEST_P(CronBadExpression, IsRefusedAndNamed) {
  const auto schedule = CronSchedule::parse(GetParam().expression, GetParam().timezone);
  ASSERT_FALSE(schedule);
  EXPECT_NE(schedule.error().detail.find(GetParam().message_part), std::string::npos)
      << schedule.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Table, CronBadExpression,
    testing::Values(
        BadExpression{"", "", "expected 5 to 6 fields, found 0: []"},
        BadExpression{"2", "", "expected 5 to 6 fields, found 1: [2]"},
        BadExpression{"* * * *", "", "expected 5 to 6 fields, found 4: [* * * *]"},
        BadExpression{"* * * * * * *", "", "expected 5 to 6 fields, found 7: [* * * * * * *]"},
        BadExpression{"60 * * * *", "", "minute: 60 is above the maximum 59"},
        BadExpression{"* 24 * * *", "", "hour: 24 is above the maximum 23"},
        BadExpression{"* * 0 * *", "", "day-of-month: 0 is below the minimum 1"},
        BadExpression{"* * 32 * *", "", "day-of-month: 32 is above the maximum 31"},
        BadExpression{"* * * 0 *", "", "month: 0 is below the minimum 1"},
        BadExpression{"* * * 13 *", "", "month: 13 is above the maximum 12"},
        BadExpression{"0 0 * * 7", "", "Sunday is 0"},
        BadExpression{"0 0 * * 1-7", "", "day-of-week: 7 is above the maximum 6 (Sunday is 0)"},
        BadExpression{"0 0 * * 8", "", "day-of-week: 8 is above the maximum 6"},
        BadExpression{"60 * * * * *", "", "second: 60 is above the maximum 59"},
        BadExpression{"1-60 * * * *", "", "'1-60'"},
        BadExpression{"a * * * *", "", "minute: want a number, not 'a'"},
        BadExpression{"* * * foo *", "", "month: want a number or a three-letter name, not 'foo'"},
        BadExpression{"* * * january *", "", "not 'january'"},
        BadExpression{"* * * * fri-mon", "", "day-of-week: the range begins beyond its end"},
        BadExpression{"5-1 * * * *", "", "minute: the range begins beyond its end: '5-1'"},
        BadExpression{"* jan * * *", "", "hour: want a number, not 'jan'"},
        BadExpression{"*/0 * * * *", "", "minute: the step must be at least 1: '*/0'"},
        BadExpression{"*/ * * * *", "", "minute: the step is not a number: '*/'"},
        BadExpression{"*/x * * * *", "", "the step is not a number"},
        BadExpression{"*/-1 * * * *", "", "the step is not a number"},
        BadExpression{"/5 * * * *", "", "minute: empty value: '/5'"},
        BadExpression{"1/2/3 * * * *", "", "more than one '/'"},
        BadExpression{"1-2-3 * * * *", "", "more than one '-'"},
        BadExpression{"1- * * * *", "", "minute: want a number, not ''"},
        BadExpression{"-1 * * * *", "", "minute: want a number, not ''"},
        BadExpression{"+1 * * * *", "", "not '+1'"}, BadExpression{"1.5 * * * *", "", "not '1.5'"},
        BadExpression{"99999999999 * * * *", "", "not '99999999999'"},
        BadExpression{"1,,2 * * * *", "", "minute: empty value: '1,,2'"},
        BadExpression{", * * * *", "", "minute: empty value: ','"},
        BadExpression{"1, * * * *", "", "minute: empty value"},
        BadExpression{"*-5 * * * *", "", "not '*'"}, BadExpression{"** * * * *", "", "not '**'"},
        BadExpression{"0 0 L * *", "", "day-of-month: want a number, not 'L'"},
        BadExpression{"0 0 * * 5#2", "", "not '5#2'"},
        BadExpression{"@fortnightly", "", "unknown descriptor '@fortnightly'"},
        BadExpression{"@Hourly", "", "unknown descriptor '@Hourly'"},
        BadExpression{"@hourly *", "", "expected 5 to 6 fields, found 2"},
        BadExpression{"@every", "", "@every: '' is not a duration"},
        BadExpression{"@every 30", "", "'30' is not a duration"},
        BadExpression{"@every PT30S", "", "'PT30S' is not a duration"},
        BadExpression{"@every -30s", "", "'-30s' is not a duration"},
        BadExpression{"@every 1d", "", "'1d' is not a duration"},
        BadExpression{"@every 1..5s", "", "is not a duration"},
        BadExpression{"@every 0s", "", "below the minimum 1s"},
        BadExpression{"@every 999ms", "", "below the minimum 1s"},
        BadExpression{"@every 50000h", "", "above five years"},
        BadExpression{"@every 99999999999999999999h", "", "is not a duration"},
        BadExpression{"@everything", "", "unknown descriptor"},
        BadExpression{"* * * * *", "Europe/Berlim", "unknown time zone 'Europe/Berlim'"},
        BadExpression{"* * * * *", "../../etc/passwd", "unknown time zone"},
        BadExpression{"TZ=Mars/Base * * * * *", "", "unknown time zone 'Mars/Base'"},
        BadExpression{"TZ= * * * * *", "", "unknown time zone ''"},
        BadExpression{"TZ=UTC", "", "found 0"},
        BadExpression{"TZ=UTC * * * * *", "Asia/Tokyo", "the time zone is given twice"}));

struct Warned {
  const char* expression;
  const char* part;  // Empty: no warning.
};

TEST(CronWarnings, NameWhatIsSurelyNotMeant) {
  const Warned table[] = {{"* */1 * * *", "fires every minute: '*/1' is the same as '*'"},
                          {"* */1 * * *", "write '0 * * * *'"},
                          {"* */2 1 * *", "write '0 */2 1 * *'"},
                          {"0 * */1 * * *", "write '0 0 * * * *'"},
                          {"* */5 * * * *", "fires every second of each minute"},
                          {"* * * * *", ""},
                          {"*/1 * * * *", ""},
                          {"0 */1 * * *", ""},
                          {"* 1-5 * * *", ""},
                          {"@hourly", ""},
                          {"@every 5s", ""}};
  for (const Warned& row : table) {
    const auto warnings = parsed(row.expression).warnings();
    ASSERT_EQ(warnings.size(), *row.part == '\0' ? 0U : 1U) << row.expression;
    if (warnings.empty()) continue;
    EXPECT_NE(warnings[0].find(row.part), std::string::npos) << warnings[0];
  }
}

// Whether a schedule fires at one second, asked of that second alone.
bool fires_at(const CronFields& fields, const date::time_zone& zone, std::chrono::sys_seconds at) {
  const auto info = zone.get_info(at);
  const std::chrono::sys_seconds local = at + info.offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(local - day);
  const auto has = [](std::uint64_t bits, auto value) {
    return (bits >> static_cast<unsigned>(value) & 1U) != 0;
  };
  const bool of_month = has(fields.days_of_month, static_cast<unsigned>(date.day()));
  const bool of_week = has(fields.days_of_week, std::chrono::weekday(day).c_encoding());
  const bool either = !fields.star_day_of_month && !fields.star_day_of_week;
  if (either ? !(of_month || of_week) : !(of_month && of_week)) return false;
  if (!has(fields.months, static_cast<unsigned>(date.month()))) return false;
  if (!has(fields.hours, clock.hours().count())) return false;
  if (!has(fields.minutes, clock.minutes().count())) return false;
  if (!has(fields.seconds, clock.seconds().count())) return false;
  if (fields.star_hour) return true;
  const auto info_of_local = zone.get_info(date::local_seconds(local.time_since_epoch()));
  return info_of_local.result != date::local_info::ambiguous ||
         info_of_local.first.offset == info.offset;
}

rc::Gen<std::string> field(int min, int max) {
  return rc::gen::exec([=]() -> std::string {
    const int a = *rc::gen::inRange(min, max + 1);
    const int b = *rc::gen::inRange(a, max + 1);
    const int step = *rc::gen::inRange(1, 9);
    const std::string low = std::to_string(a);
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        return low;
      case 1:
        return low + "-" + std::to_string(b);
      case 2:
        return low + "/" + std::to_string(step);
      case 3:
        return "*/" + std::to_string(step);
      case 4:
        return low + "," + std::to_string(b);
      default:
        return "*";
    }
  });
}

RC_GTEST_PROP(CronNextProperty, AgreesWithAskingEverySecond, ()) {
  const std::string expression = *rc::gen::element<std::string>("0", "30", "*/20", "*") + " " +
                                 *field(0, 59) + " " + *field(0, 23) + " " + *field(1, 31) + " * " +
                                 *field(0, 6);
  const char* name = *rc::gen::element("Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
  // Three hours before the changes of the clock in those zones.
  const auto* starts =
      *rc::gen::element("2026-03-28T22:00:00Z", "2026-10-24T22:00:00Z", "2026-03-08T04:00:00Z",
                        "2026-11-01T03:00:00Z", "2026-04-04T12:00:00Z", "2026-10-03T12:00:00Z");
  const auto schedule = parsed(expression, name);
  const auto fields = parse_cron_fields(expression).value();
  const auto& zone = *date::locate_zone(name);
  const auto start = std::chrono::floor<std::chrono::seconds>(utc(starts));
  auto at = schedule.next(start);
  for (int i = 1; i < 8 * 3600; ++i) {
    const auto second = start + std::chrono::seconds(i);
    if (at && *at == second) {
      if (!fires_at(fields, zone, second)) RC_FAIL(expression + " fires, and should not");
      at = schedule.next(second);
    } else if (fires_at(fields, zone, second)) {
      RC_FAIL(expression + " " + name + " misses " + schedule.to_rfc3339(second));
    }
  }
}

}  // namespace
}  // namespace sluice
