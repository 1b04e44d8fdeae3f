#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace sluice {

/// Whether `text` is a date-time of RFC 3339, section 5.6: any number of fraction digits, `Z` or a
/// numeric offset (both letters in either case), a day that the month has, and second 60 only in
/// the last minute of a day in UTC, where leap seconds are.
[[nodiscard]] bool is_rfc3339(std::string_view text) noexcept;

/// `when` in UTC with nanoseconds, e.g. "2026-11-20T14:45:00.123456789Z": always 30 characters for
/// the years 0 to 9999.
[[nodiscard]] std::string format_rfc3339(std::chrono::system_clock::time_point when);

/// The current time as format_rfc3339() writes it. The view is this thread's and lasts until the
/// next call on it, so copy it before a suspension.
[[nodiscard]] std::string_view now_rfc3339() noexcept;

}  // namespace sluice
