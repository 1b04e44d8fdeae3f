#include "base/rfc3339.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::size_t kTextSize = 30;
using Text = std::array<char, kTextSize>;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The number in `count` digits from `position`; nullopt where one is no digit. `text` is long
/// enough.
std::optional<int> digits(std::string_view text, std::size_t position, std::size_t count) noexcept {
  int value = 0;
  for (std::size_t i = position; i < position + count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool is_date(std::string_view text) noexcept {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return false;
  return std::chrono::year_month_day(std::chrono::year(*year),
                                     std::chrono::month(static_cast<unsigned>(*month)),
                                     std::chrono::day(static_cast<unsigned>(*day)))
      .ok();
}

/// Minutes east of UTC; nullopt where `text` is no time-offset.
std::optional<int> offset_minutes(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return text[0] == '-' ? -total : total;
}

void put(char* target, std::uint32_t value, std::size_t count) noexcept {
  for (std::size_t i = count; i-- > 0; value /= 10) {
    target[i] = static_cast<char>('0' + value % 10);
  }
}

void put_seconds(Text& text, seconds since_epoch) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{sys_days(day)};
  const auto in_day = static_cast<std::uint32_t>((since_epoch - day).count());
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000000000Z";
  static_assert(kShape.size() == kTextSize);
  kShape.copy(text.data(), kTextSize);
  put(text.data(), static_cast<std::uint32_t>(static_cast<int>(date.year())), 4);
  put(text.data() + 5, static_cast<unsigned>(date.month()), 2);
  put(text.data() + 8, static_cast<unsigned>(date.day()), 2);
  put(text.data() + 11, in_day / 3600, 2);
  put(text.data() + 14, in_day / 60 % 60, 2);
  put(text.data() + 17, in_day % 60, 2);
}

void put_nanoseconds(Text& text, nanoseconds in_second) noexcept {
  put(text.data() + 20, static_cast<std::uint32_t>(in_second.count()), 9);
}

}  // namespace

bool is_rfc3339(std::string_view text) noexcept {
  constexpr std::size_t kShortest = std::string_view("2026-11-20T14:45:00Z").size();
  if (text.size() < kShortest || !is_date(text)) return false;
  if ((text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') return false;
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return false;
  std::size_t end = 19;
  if (text[end] == '.') {
    const std::size_t first = ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == first) return false;
  }
  const auto offset = offset_minutes(text.substr(end));
  if (!offset) return false;
  constexpr int kMinutesInDay = 24 * 60;
  const int utc_minute = (*hour * 60 + *minute - *offset + kMinutesInDay) % kMinutesInDay;
  return *second < 60 || utc_minute == kMinutesInDay - 1;
}

std::string format_rfc3339(std::chrono::system_clock::time_point when) {
  const nanoseconds since_epoch = when.time_since_epoch();
  const auto whole = std::chrono::floor<seconds>(since_epoch);
  Text text;
  put_seconds(text, whole);
  put_nanoseconds(text, since_epoch - whole);
  return {text.data(), text.size()};
}

std::string_view now_rfc3339() noexcept {
  // The calendar is asked once a second: events come far more often.
  thread_local Text text;
  thread_local seconds written{-1};
  const nanoseconds since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto whole = std::chrono::floor<seconds>(since_epoch);
  if (whole != written) {
    put_seconds(text, whole);
    written = whole;
  }
  put_nanoseconds(text, since_epoch - whole);
  return {text.data(), text.size()};
}

}  // namespace sluice
