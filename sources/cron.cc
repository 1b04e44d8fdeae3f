#include "sources/cron.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <bit>
#include <stdexcept>

namespace sluice {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::weekday;
using std::chrono::year_month_day;

// A local time, counted as if it were UTC.
using LocalSeconds = sys_seconds;

constexpr int kYearsAhead = 5;
constexpr int kLastYear = 9999;  // RFC 3339 has no name for later ones.
constexpr std::chrono::milliseconds kShortestInterval{1000};
constexpr std::chrono::hours kLongestInterval{24 * 365 * kYearsAhead};

Result<const date::time_zone*> find_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return nullptr;
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::exception&) {
    return fail(Errc::not_found, fmt::format("unknown time zone '{}'", name));
  }
}

// The first set bit at or after `from`, or -1.
int first_at_or_after(std::uint64_t bits, int from) {
  if (from > 63) return -1;
  const std::uint64_t rest = bits >> from;
  return rest == 0 ? -1 : from + std::countr_zero(rest);
}

bool day_matches(const CronFields& fields, sys_days day, year_month_day date) {
  const bool of_month = (fields.days_of_month >> static_cast<unsigned>(date.day()) & 1U) != 0;
  const bool of_week = (fields.days_of_week >> weekday(day).c_encoding() & 1U) != 0;
  if (fields.star_day_of_month || fields.star_day_of_week) return of_month && of_week;
  return of_month || of_week;
}

// The first time of day at or after `from` that matches; nullopt when the day has none left.
std::optional<seconds> match_time_of_day(const CronFields& fields, seconds from) {
  const std::chrono::hh_mm_ss<seconds> clock(from);
  const int hour = first_at_or_after(fields.hours, static_cast<int>(clock.hours().count()));
  if (hour < 0) return std::nullopt;
  int minute = 0;
  int second = 0;
  if (hour == clock.hours().count()) {
    minute = static_cast<int>(clock.minutes().count());
    second = static_cast<int>(clock.seconds().count());
  }
  int found = first_at_or_after(fields.seconds, second);
  if (found < 0) {
    ++minute;
    second = 0;
  }
  const int found_minute = first_at_or_after(fields.minutes, minute);
  if (found_minute < 0) return match_time_of_day(fields, hours(hour + 1));
  if (found_minute != minute || found < 0) found = first_at_or_after(fields.seconds, 0);
  return hours(hour) + minutes(found_minute) + seconds(found);
}

// The first local time at or after `from` that matches, in no later year than `last_year`.
std::optional<LocalSeconds> match_local(const CronFields& fields, LocalSeconds from,
                                        int last_year) {
  sys_days day = std::chrono::floor<days>(from);
  seconds time_of_day = from - day;
  for (;;) {
    const year_month_day date(day);
    if (static_cast<int>(date.year()) > last_year) return std::nullopt;
    if ((fields.months >> static_cast<unsigned>(date.month()) & 1U) == 0) {
      day = sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
      time_of_day = seconds(0);
      continue;
    }
    if (day_matches(fields, day, date)) {
      if (const auto found = match_time_of_day(fields, time_of_day)) return day + *found;
    }
    day += days(1);
    time_of_day = seconds(0);
  }
}

// The stretch of time around one moment during which a zone's offset does not change.
struct Stretch {
  seconds offset{0};
  sys_seconds end = sys_seconds::max();
  LocalSeconds repeated_until = LocalSeconds::min();  // Earlier local times have been before.
};

Stretch stretch_at(const date::time_zone* zone, sys_seconds at) {
  if (zone == nullptr) return {};
  const date::sys_info info = zone->get_info(at);
  const date::sys_info before = zone->get_info(info.begin - seconds(1));
  Stretch stretch{info.offset, info.end, LocalSeconds::min()};
  if (before.offset > info.offset) stretch.repeated_until = info.begin + before.offset;
  return stretch;
}

Result<std::chrono::milliseconds> parse_interval(std::string_view text) {
  auto interval = parse_go_duration(text);
  if (!interval) return fail(Errc::invalid_argument, "@every: " + interval.error().detail);
  if (interval.value() < kShortestInterval) {
    return fail(Errc::invalid_argument, fmt::format("@every: '{}' is below the minimum 1s", text));
  }
  if (interval.value() > kLongestInterval) {
    return fail(Errc::invalid_argument, fmt::format("@every: '{}' is above five years", text));
  }
  return interval;
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

Result<CronSchedule> CronSchedule::parse(std::string_view expression, std::string_view timezone) {
  expression = trim(expression);
  for (const std::string_view prefix : {"TZ=", "CRON_TZ="}) {
    if (!expression.starts_with(prefix)) continue;
    if (!timezone.empty()) {
      return fail(Errc::invalid_argument,
                  fmt::format("the time zone is given twice: '{}' and '{}'", timezone,
                              expression.substr(0, expression.find_first_of(" \t"))));
    }
    const auto end = std::min(expression.find_first_of(" \t"), expression.size());
    timezone = expression.substr(prefix.size(), end - prefix.size());
    if (timezone.empty()) return fail(Errc::not_found, "unknown time zone ''");
    expression = trim(expression.substr(end));
    break;
  }
  CronSchedule schedule;
  SLUICE_TRY(schedule.zone_, find_zone(timezone));
  constexpr std::string_view kEvery = "@every";
  if (expression.starts_with(kEvery) &&
      (expression.size() == kEvery.size() || expression[kEvery.size()] == ' ')) {
    SLUICE_TRY(schedule.interval_, parse_interval(trim(expression.substr(kEvery.size()))));
    return schedule;
  }
  SLUICE_TRY(schedule.fields_, parse_cron_fields(expression));
  schedule.warnings_ = cron_warnings(expression);
  return schedule;
}

std::optional<CronTime> CronSchedule::next(CronTime after, CronTime start) const {
  if (is_interval()) {
    if (after < start) return start + interval_;
    return start + interval_ * ((after - start) / interval_ + 1);
  }
  sys_seconds from = std::chrono::floor<seconds>(after) + seconds(1);
  const year_month_day today(std::chrono::floor<days>(from));
  const int last_year = std::min(static_cast<int>(today.year()) + kYearsAhead, kLastYear);
  for (;;) {
    const Stretch stretch = stretch_at(zone_, from);
    LocalSeconds local = from + stretch.offset;
    if (!fields_.star_hour) local = std::max(local, stretch.repeated_until);
    const auto found = match_local(fields_, local, last_year);
    if (!found) return std::nullopt;
    const sys_seconds at = *found - stretch.offset;
    if (at < stretch.end) return at;
    from = stretch.end;
  }
}

std::string rfc3339_with_offset(CronTime time, seconds offset) {
  if (offset % minutes(1) != seconds(0)) offset = seconds(0);  // Local mean time, before 1900.
  const CronTime local = time + offset;
  const auto day = std::chrono::floor<days>(local);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::milliseconds> clock(local - day);
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    text += fmt::format(".{:03}", fraction);
  }
  if (offset == seconds(0)) return text + "Z";
  const auto ahead = std::chrono::abs(offset);
  return text + fmt::format("{}{:02}:{:02}", offset < seconds(0) ? '-' : '+',
                            std::chrono::floor<hours>(ahead).count(),
                            std::chrono::floor<minutes>(ahead % hours(1)).count());
}

std::string CronSchedule::to_rfc3339(CronTime time) const {
  if (zone_ == nullptr) return rfc3339_with_offset(time, seconds(0));
  return rfc3339_with_offset(time, zone_->get_info(std::chrono::floor<seconds>(time)).offset);
}

}  // namespace sluice
