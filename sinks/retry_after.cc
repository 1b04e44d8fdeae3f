#include "sinks/retry_after.h"

#include <date/date.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr std::int64_t kMaxSeconds = 366LL * 24 * 3600;  // Longer is no plan but a mistake.

std::optional<date::sys_seconds> parse_http_date(std::string_view value) {
  // The preferred form and the two obsolete ones that a recipient must accept (RFC 9110 5.6.7).
  for (const char* format : {"%a, %d %b %Y %T GMT", "%A, %d-%b-%y %T GMT", "%a %b %e %T %Y"}) {
    std::istringstream in{std::string(value)};
    in.imbue(std::locale::classic());
    date::sys_seconds when;
    in >> date::parse(format, when);
    if (!in.fail()) return when;
  }
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value,
                                              system_clock::time_point now) {
  std::int64_t seconds = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, seconds);
  if (error == std::errc() && stop == end) {
    if (seconds <= 0) return std::nullopt;
    return milliseconds(std::min(seconds, kMaxSeconds) * 1000);
  }
  const auto when = parse_http_date(value);
  // In seconds: the clock's own unit overflows with a date past 2262.
  const auto today = std::chrono::floor<std::chrono::seconds>(now);
  if (!when || *when <= today) return std::nullopt;
  const std::int64_t wait = std::min<std::int64_t>((*when - today).count(), kMaxSeconds);
  return milliseconds(wait * 1000);
}

}  // namespace sluice
