#include "base/duration.h"

#include <cstdint>
#include <string>

namespace sluice {
namespace {

constexpr std::uint64_t kNanosPerMs = 1'000'000;
constexpr std::uint64_t kNanosPerSecond = 1000 * kNanosPerMs;
constexpr std::uint64_t kMaxSeconds = 36'500ULL * 24 * 3600;

struct Unit {
  char letter;
  bool time;  // Behind the T.
  std::uint64_t seconds;
};

// In the order in which they may stand.
constexpr Unit kUnits[] = {{'W', false, 7 * 24 * 3600},
                           {'D', false, 24 * 3600},
                           {'H', true, 3600},
                           {'M', true, 60},
                           {'S', true, 1}};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

Error bad(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument,
              "'" + std::string(text) + "' is not a duration: " + std::string(why));
}

struct Number {
  std::uint64_t whole = 0;
  std::uint64_t nanos = 0;  // Of the fraction, rounded up.
  bool fraction = false;
};

// Takes digits and at most one fraction off the front of `rest`; false when there is none, or it is
// longer than any duration may be.
bool take_number(std::string_view& rest, Number& number) {
  std::size_t i = 0;
  for (; i < rest.size() && is_digit(rest[i]); ++i) {
    number.whole = number.whole * 10 + static_cast<std::uint64_t>(rest[i] - '0');
    if (number.whole > kMaxSeconds) return false;
  }
  if (i == 0) return false;
  if (i < rest.size() && (rest[i] == '.' || rest[i] == ',')) {
    number.fraction = true;
    const std::size_t first = ++i;
    bool more = false;
    std::uint64_t scale = kNanosPerSecond;
    for (; i < rest.size() && is_digit(rest[i]); ++i) {
      scale /= 10;
      number.nanos += scale * static_cast<std::uint64_t>(rest[i] - '0');
      more = more || (scale == 0 && rest[i] != '0');
    }
    if (i == first) return false;
    if (more) ++number.nanos;
  }
  rest.remove_prefix(i);
  return true;
}

// Adds the numbers of one half, before or behind the T, to `nanos`.
Result<void> add_half(std::string_view text, std::string_view half, bool time,
                      std::uint64_t& nanos) {
  const Unit* next = std::begin(kUnits);
  while (!half.empty()) {
    Number number;
    if (!take_number(half, number)) return bad(text, "want a number before each unit");
    if (half.empty()) return bad(text, "a number without a unit; write PT30S for 30 seconds");
    const char letter = half.front();
    half.remove_prefix(1);
    if (!time && (letter == 'Y' || letter == 'M')) {
      return bad(text, letter == 'Y' ? "a year has no fixed length; write days, e.g. P365D"
                                     : "a month has no fixed length; write days, e.g. P30D, or "
                                       "PT1M for a minute");
    }
    while (next != std::end(kUnits) && (next->letter != letter || next->time != time)) ++next;
    if (next == std::end(kUnits)) {
      return bad(text, std::string("'") + letter +
                           "' does not belong there; the order is P, W, D, T, H, M, S");
    }
    if (number.fraction && !half.empty()) {
      return bad(text, "only the last number may have a fraction");
    }
    if (number.whole > kMaxSeconds / next->seconds) return bad(text, "it is over 100 years");
    nanos += number.whole * next->seconds * kNanosPerSecond + number.nanos * next->seconds;
    if (nanos > kMaxSeconds * kNanosPerSecond) return bad(text, "it is over 100 years");
    ++next;
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<std::chrono::milliseconds> parse_iso_duration(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty; write e.g. PT0.2S");
  if (text.front() == '-' || text.front() == '+') return bad(text, "it must not have a sign");
  if (text.front() != 'P') return bad(text, "write ISO-8601, e.g. PT30S, PT0.2S or P1DT2H");
  const std::size_t t = text.find('T');
  const std::string_view days = text.substr(1, t == std::string_view::npos ? t : t - 1);
  const std::string_view hours = t == std::string_view::npos ? "" : text.substr(t + 1);
  if (days.empty() && hours.empty()) return bad(text, "it names no time; write e.g. PT30S");
  if (t != std::string_view::npos && hours.empty()) return bad(text, "nothing stands behind the T");
  std::uint64_t nanos = 0;
  SLUICE_TRY(add_half(text, days, false, nanos));
  if (!hours.empty() && days.find_first_of(".,") != std::string_view::npos) {
    return bad(text, "only the last number may have a fraction");
  }
  SLUICE_TRY(add_half(text, hours, true, nanos));
  return std::chrono::milliseconds((nanos + kNanosPerMs - 1) / kNanosPerMs);
}

}  // namespace sluice
