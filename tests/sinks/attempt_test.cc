// What is checked: that an Error becomes the attempt that the delivery rules understand. Pure.

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

}  // namespace
}  // namespace sluice
