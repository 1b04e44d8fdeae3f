// The seven error codes with the status and the word each stands for, and the two TRY macros.

#include "base/result.h"

#include "base/task.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Errc::invalid_argument, "odd");
  return number / 2;
}

Result<int> quarter(int number) {
  SLUICE_TRY(const int once, half(number));
  return half(once);
}

Result<void> check(int number) {
  SLUICE_TRY(half(number));
  return boost::outcome_v2::success();
}

Task<int> half_later(int number) { co_return half(number); }

Task<int> quarter_later(int number) {
  SLUICE_CO_TRY(const int once, co_await half_later(number));
  co_return half(once);
}

TEST(Errc, HasItsStatusAndItsWord) {
  struct Row {
    Errc code;
    int status;
    std::string_view word;
  };
  const Row table[] = {
      {Errc::invalid_argument, 400, "invalid_argument"},
      {Errc::not_found, 404, "not_found"},
      {Errc::resource_exhausted, 429, "resource_exhausted"},
      {Errc::unavailable, 503, "unavailable"},
      {Errc::deadline_exceeded, 504, "deadline_exceeded"},
      {Errc::cancelled, 503, "cancelled"},
      {Errc::internal, 500, "internal"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(http_status(row.code), row.status) << row.word;
    EXPECT_EQ(to_string(row.code), row.word);
  }
}

TEST(Result, CarriesTheErrorThroughTry) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().detail, "odd");
  EXPECT_EQ(quarter(6).error().code, Errc::invalid_argument);
  EXPECT_TRUE(check(2));
  EXPECT_EQ(check(1).error().detail, "odd");
}

TEST(Result, CarriesTheErrorThroughTryInCoroutines) {
  TestCore core;
  EXPECT_EQ(run_task(core.core, quarter_later(8)).value(), 2);
  EXPECT_EQ(run_task(core.core, quarter_later(6)).error().detail, "odd");
}

TEST(ResultDeathTest, EndsTheProcessWhenTheWrongSideIsRead) {
  EXPECT_DEATH((void)half(1).value(), "");
}

}  // namespace
}  // namespace sluice
