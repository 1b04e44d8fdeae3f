#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace date {
class time_zone;
}

namespace sluice {

/// A moment on the civil clock. Milliseconds, so that every RFC 3339 year fits.
using CronTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// The values that each field of a cron expression names, one bit each. `star` fields say whether
/// the field was written as `*`, `?` or with a step of 1 on them.
struct CronFields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t days_of_month = 0;
  std::uint32_t months = 0;
  std::uint32_t days_of_week = 0;  ///< Bit 0 is Sunday.
  bool star_hour = false;
  bool star_day_of_month = false;
  bool star_day_of_week = false;
};

/// When something recurs: a cron expression with the semantics of robfig/cron, as Knative's
/// PingSource has them, or `@every` and a Go duration. Immutable.
///
///   five fields (minute, hour, day of month, month, day of week), or six with seconds first; `*`,
///   `?` (the same), lists, ranges that do not wrap, steps (`n/s` is `n-max/s`), names of months
///   and days in any case; @hourly @daily @midnight @weekly @monthly @yearly @annually; in front of
///   it, optionally, `TZ=ZONE ` or `CRON_TZ=ZONE `.
///
/// Either of day of month and day of week may match, unless one of them is a star: then both must.
/// Local times that a change of the clock skips do not fire; in the hour that it repeats, a fixed
/// hour fires the first time only and a starred hour both times. The zones are the system's tzdata,
/// whose compiled files know no summer time after 2037.
class CronSchedule {
 public:
  /// `timezone` is an IANA name; empty: UTC.
  /// Errors: invalid_argument, naming the field and the value; not_found for a time zone that does
  /// not exist.
  [[nodiscard]] static Result<CronSchedule> parse(std::string_view expression,
                                                  std::string_view timezone = {});

  /// The first fire time after `after`, itself excluded; nullopt when there is none within five
  /// years. `@every` counts from `start`; cron fields do not look at it.
  [[nodiscard]] std::optional<CronTime> next(CronTime after, CronTime start) const;
  [[nodiscard]] std::optional<CronTime> next(CronTime after) const { return next(after, after); }

  /// Whether this is `@every`, which goes by elapsed time rather than by the clock on the wall.
  [[nodiscard]] bool is_interval() const noexcept { return interval_.count() > 0; }

  /// RFC 3339 in the schedule's time zone, "Z" for UTC; a fraction only where it is not zero.
  [[nodiscard]] std::string to_rfc3339(CronTime time) const;

  /// What the expression says and surely does not mean, e.g. of `* */1 * * *`.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  CronSchedule() = default;

  CronFields fields_;
  std::chrono::milliseconds interval_{0};  // Not zero: @every.
  const date::time_zone* zone_ = nullptr;  // Null: UTC. Owned by the process-wide zone table.
  std::vector<std::string> warnings_;
};

/// The fields of an expression without time zone, descriptors included, `@every` not.
/// Errors: invalid_argument, naming the field and the value.
[[nodiscard]] Result<CronFields> parse_cron_fields(std::string_view expression);

/// What the fields of a valid expression say and surely do not mean: `* */1 * * *` is no "hourly".
[[nodiscard]] std::vector<std::string> cron_warnings(std::string_view expression);

/// A Go duration such as "1h30m" or "1.5s", cut to milliseconds.
/// Errors: invalid_argument.
[[nodiscard]] Result<std::chrono::milliseconds> parse_go_duration(std::string_view text);

/// The RFC 3339 text of `time` on a clock that is `offset` ahead of UTC.
[[nodiscard]] std::string rfc3339_with_offset(CronTime time, std::chrono::seconds offset);

}  // namespace sluice
