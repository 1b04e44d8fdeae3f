// What is checked: what `sluice cron` prints and where, and its exit status. The schedules
// themselves have their tests in tests/sources. The command runs in this process.

#include "tests/cli/run_sluice.h"

#include "base/rfc3339.h"

namespace sluice {

void add_cron(CLI::App& app, int& status);

namespace {

ChildOutcome cron(std::vector<std::string> args) {
  args.insert(args.begin(), "cron");
  return run_command(&add_cron, args);
}

TEST(CronCommand, PrintsFiveTimesAfterFrom) {
  const auto ran = cron({"*/10 * * * *", "--from", "2026-11-20T14:40:00Z"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(ran.out,
            "2026-11-20T14:50:00Z\n2026-11-20T15:00:00Z\n2026-11-20T15:10:00Z\n"
            "2026-11-20T15:20:00Z\n2026-11-20T15:30:00Z\n");
  EXPECT_EQ(ran.err, "");
}

TEST(CronCommand, PrintsTheOffsetOfTheZone) {
  const auto ran = cron({"0 12 * * *", "--timezone", "Europe/Berlin", "--count", "2", "--from",
                         "2026-10-24T00:00:00+02:00"});
  EXPECT_EQ(ran.out, "2026-10-24T12:00:00+02:00\n2026-10-25T12:00:00+01:00\n");
}

TEST(CronCommand, ReadsFromWithAnyOffsetAndFraction) {
  for (const char* from : {"2026-11-20T14:59:59.999Z", "2026-11-20t14:59:59z",
                           "2026-11-20T15:29:59+00:30", "2026-11-20T09:59:59-05:00"}) {
    EXPECT_EQ(cron({"@hourly", "--count", "1", "--from", from}).out, "2026-11-20T15:00:00Z\n")
        << from;
  }
}

TEST(CronCommand, StartsNowByDefault) {
  const auto before = now_rfc3339().substr(0, 16);
  const auto ran = cron({"* * * * *", "--count", "1"});
  ASSERT_EQ(ran.out.size(), std::string("2026-11-20T15:00:00Z\n").size());
  EXPECT_GT(ran.out.substr(0, 16), before);
}

TEST(CronCommand, CountsEveryFromFrom) {
  const auto ran = cron({"@every 90s", "--count", "2", "--from", "2026-11-20T14:00:10Z"});
  EXPECT_EQ(ran.out, "2026-11-20T14:01:40Z\n2026-11-20T14:03:10Z\n");
}

TEST(CronCommand, WarnsOnStderrAndStillPrints) {
  const auto ran = cron({"* */1 * * *", "--count", "1", "--from", "2026-11-20T14:00:00Z"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(ran.out, "2026-11-20T14:01:00Z\n");
  EXPECT_NE(ran.err.find("warning: '* */1 * * *' fires every minute"), std::string::npos)
      << ran.err;
}

struct BadRun {
  std::vector<std::string> args;
  int status;
  const char* message_part;
};

TEST(CronCommand, RefusesBadInputOnStderr) {
  const BadRun table[] = {
      {{"2"}, kExitBad, "error: expected 5 to 6 fields, found 1: [2]\n"},
      {{""}, kExitBad, "found 0"},
      {{"60 * * * *"}, kExitBad, "minute: 60 is above the maximum 59"},
      {{"-1 * * * *"}, kExitBad, "minute: "},
      {{"0 0 * * 7"}, kExitBad, "Sunday is 0"},
      {{"0 0 30 2 *"}, kExitBad, "'0 0 30 2 *' does not fire within five years"},
      {{"* * * * *", "--timezone", "X"}, kExitBad, "unknown time zone 'X'"},
      {{"* * * * *", "--from", "today"}, kExitUsage, "--from: 'today' is not RFC 3339"},
      {{"* * * * *", "--from", "2026-02-30T00:00:00Z"}, kExitUsage, "is not RFC 3339"},
      {{"* * * * *", "--count", "0"}, kExitUsage, ""},
      {{"* * * * *", "--count", "x"}, kExitUsage, ""},
      {{}, kExitUsage, ""},
      {{"*", "*", "*", "*", "*"}, kExitUsage, ""},
  };
  for (const auto& row : table) {
    const auto ran = cron(row.args);
    EXPECT_EQ(ran.status, row.status) << row.message_part;
    EXPECT_EQ(ran.out, "");
    EXPECT_NE(ran.err.find(row.message_part), std::string::npos) << ran.err;
  }
}

TEST(CronCommand, PrintsWhatThereIsWhenTheScheduleEnds) {
  const auto ran = cron({"0 0 29 2 *", "--count", "3", "--from", "2092-03-01T00:00:00Z"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(ran.out, "2096-02-29T00:00:00Z\n");
  EXPECT_NE(ran.err.find("note: "), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace sluice
