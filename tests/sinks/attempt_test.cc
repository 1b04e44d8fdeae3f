// What is checked: that an Error becomes the attempt that the delivery rules understand, and which
// attempts are worth another one, as a table (knative.md 3.2). Pure.

#include "sinks/sink.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(FailedAttempt, HasTheStatusOfItsCode) {
  for (const Errc code :
       {Errc::invalid_argument, Errc::not_found, Errc::resource_exhausted, Errc::unavailable,
        Errc::deadline_exceeded, Errc::cancelled, Errc::internal}) {
    const Attempt attempt = failed_attempt(fail(code, "why"));
    EXPECT_EQ(attempt.status, http_status(code));
    EXPECT_EQ(attempt.detail, "why");
    EXPECT_EQ(attempt.reply, nullptr);
    EXPECT_FALSE(attempt.succeeded());
  }
}

TEST(IsRetryable, FollowsTheStatusTable) {
  for (const int status : {0, 404, 408, 409, 429, 500, 501, 502, 503, 504, 505, 599}) {
    EXPECT_TRUE(is_retryable(status)) << status;
  }
  for (const int status : {100, 102, 200, 201, 202, 300, 301, 302, 307, 308, 400,
                           401, 403, 405, 406, 410, 413, 415, 422, 431, 600}) {
    EXPECT_FALSE(is_retryable(status)) << status;
  }
}

}  // namespace
}  // namespace sluice
