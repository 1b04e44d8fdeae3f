// Cron expressions: from text to CronFields, with errors that name the field and the value. The
// grammar is robfig/cron v3's parser.go with SecondOptional and Descriptor, read strictly: what it
// takes by accident (`1,,2`, `*-5`) is refused.

#include "sources/cron.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 13> kMonths{"",    "jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  std::string_view name;
  unsigned min;
  unsigned max;
  std::span<const std::string_view> names;  // The index is the value.
};

constexpr std::array<Field, 6> kFields{{{"second", 0, 59, {}},
                                        {"minute", 0, 59, {}},
                                        {"hour", 0, 23, {}},
                                        {"day-of-month", 1, 31, {}},
                                        {"month", 1, 12, kMonths},
                                        {"day-of-week", 0, 6, kDays}}};

struct Values {
  std::uint64_t bits = 0;
  bool star = false;
};

Error bad(const Field& field, std::string_view element, const std::string& why) {
  return fail(Errc::invalid_argument,
              std::string(field.name) + ": " + why + ": '" + std::string(element) + "'");
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (;;) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return found;
    text.remove_prefix(begin);
    const auto end = text.find_first_of(" \t\r\n");
    found.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return found;
    text.remove_prefix(end);
  }
}

bool same_word(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

Result<unsigned> value_of(const Field& field, std::string_view text, std::string_view element) {
  for (unsigned i = field.min; i < field.names.size(); ++i) {
    if (same_word(text, field.names[i])) return i;
  }
  const auto value = number(text);
  if (!value) {
    const char* wanted = field.names.empty() ? "a number" : "a number or a three-letter name";
    return bad(field, element, "want " + std::string(wanted) + ", not '" + std::string(text) + "'");
  }
  if (*value == 7 && field.max == 6) {
    return bad(field, element, "7 is above the maximum 6 (Sunday is 0)");
  }
  if (*value > field.max) {
    return bad(field, element,
               std::to_string(*value) + " is above the maximum " + std::to_string(field.max));
  }
  if (*value < field.min) {
    return bad(field, element,
               std::to_string(*value) + " is below the minimum " + std::to_string(field.min));
  }
  return *value;
}

Result<Values> parse_element(const Field& field, std::string_view element) {
  const auto range_and_step = split(element, '/');
  if (range_and_step.size() > 2) return bad(field, element, "more than one '/'");
  const std::string_view range = range_and_step[0];
  if (range.empty()) return bad(field, element, "empty value");

  unsigned begin = field.min;
  unsigned end = field.max;
  bool star = range == "*" || range == "?";
  if (!star) {
    const auto bounds = split(range, '-');
    if (bounds.size() > 2) return bad(field, element, "more than one '-'");
    SLUICE_TRY(begin, value_of(field, bounds[0], element));
    if (bounds.size() == 2) {
      SLUICE_TRY(end, value_of(field, bounds[1], element));
      if (begin > end) return bad(field, element, "the range begins beyond its end");
    } else if (range_and_step.size() == 1) {
      end = begin;
    }
  }

  unsigned step = 1;
  if (range_and_step.size() == 2) {
    const auto written = number(range_and_step[1]);
    if (!written) return bad(field, element, "the step is not a number");
    if (*written == 0) return bad(field, element, "the step must be at least 1");
    step = *written;
    star = star && step == 1;
  }
  Values values{0, star};
  for (std::uint64_t value = begin; value <= end; value += step) {
    values.bits |= std::uint64_t{1} << value;
  }
  return values;
}

Result<Values> parse_field(const Field& field, std::string_view text) {
  Values all;
  for (const std::string_view element : split(text, ',')) {
    if (element.empty()) return bad(field, text, "empty value");
    SLUICE_TRY(const Values values, parse_element(field, element));
    all.bits |= values.bits;
    all.star |= values.star;
  }
  return all;
}

struct Descriptor {
  std::string_view name;
  std::string_view expression;
};

constexpr Descriptor kDescriptors[] = {
    {"@yearly", "0 0 0 1 1 *"}, {"@annually", "0 0 0 1 1 *"}, {"@monthly", "0 0 0 1 * *"},
    {"@weekly", "0 0 0 * * 0"}, {"@daily", "0 0 0 * * *"},    {"@midnight", "0 0 0 * * *"},
    {"@hourly", "0 0 * * * *"},
};

Result<std::string_view> expand_descriptor(std::string_view text) {
  for (const Descriptor& descriptor : kDescriptors) {
    if (descriptor.name == text) return descriptor.expression;
  }
  return fail(Errc::invalid_argument,
              "unknown descriptor '" + std::string(text) +
                  "': use @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually or "
                  "'@every DURATION'");
}

// Nanoseconds in one of Go's units; zero when there is no such unit.
double unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xc2\xb5s" || unit == "\xce\xbcs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return 0;
}

}  // namespace

Result<CronFields> parse_cron_fields(std::string_view expression) {
  auto fields = words(expression);
  if (fields.size() == 1 && fields[0].starts_with('@')) {
    SLUICE_TRY(const std::string_view expanded, expand_descriptor(fields[0]));
    fields = words(expanded);
  }
  if (fields.size() < 5 || fields.size() > 6) {
    std::string found = "expected 5 to 6 fields, found " + std::to_string(fields.size()) + ": [";
    for (std::size_t i = 0; i < fields.size(); ++i) {
      found.append(i == 0 ? "" : " ").append(fields[i]);
    }
    return fail(Errc::invalid_argument, found + "]");
  }
  if (fields.size() == 5) fields.insert(fields.begin(), "0");

  std::array<Values, kFields.size()> values;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    SLUICE_TRY(values[i], parse_field(kFields[i], fields[i]));
  }
  CronFields parsed;
  parsed.seconds = values[0].bits;
  parsed.minutes = values[1].bits;
  parsed.hours = static_cast<std::uint32_t>(values[2].bits);
  parsed.days_of_month = static_cast<std::uint32_t>(values[3].bits);
  parsed.months = static_cast<std::uint32_t>(values[4].bits);
  parsed.days_of_week = static_cast<std::uint32_t>(values[5].bits);
  parsed.star_hour = values[2].star;
  parsed.star_day_of_month = values[3].star;
  parsed.star_day_of_week = values[5].star;
  return parsed;
}

std::vector<std::string> cron_warnings(std::string_view expression) {
  const auto fields = words(expression);
  std::vector<std::string> warnings;
  if (fields.size() < 5) return warnings;
  // Seconds where there are any, then minutes: each before the field whose steps it undoes.
  for (std::size_t i = 0; i < fields.size() - 4; ++i) {
    if ((fields[i] != "*" && fields[i] != "?") || !fields[i + 1].starts_with("*/")) continue;
    const Field& often = kFields[i + 6 - fields.size()];
    const Field& stepped = kFields[i + 7 - fields.size()];
    const bool is_star = fields[i + 1] == "*/1";
    std::string meant;
    for (std::size_t j = 0; j < fields.size(); ++j) {
      const bool replaced = j == i || (j == i + 1 && is_star);
      if (j > 0) meant += ' ';
      meant += !replaced ? fields[j] : std::string_view(j == i ? "0" : "*");
    }
    std::string warning =
        "'" + std::string(expression) + "' fires every " + std::string(often.name);
    warning += is_star ? ": '*/1' is the same as '*'"
                       : " of each " + std::string(stepped.name) + " that matches";
    warning += "; to fire once in each such ";
    warning += stepped.name;
    warning += ", write '" + meant + "'";
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

Result<std::chrono::milliseconds> parse_go_duration(std::string_view text) {
  const auto refuse = [text] {
    return fail(Errc::invalid_argument,
                "'" + std::string(text) + "' is not a duration: write it like 30s or 1h30m");
  };
  double total_ns = 0;
  std::string_view rest = text;
  if (rest.empty()) return refuse();
  while (!rest.empty()) {
    const auto digits = rest.substr(0, rest.find_first_not_of("0123456789."));
    rest.remove_prefix(digits.size());
    const auto unit = rest.substr(0, rest.find_first_of("0123456789."));
    rest.remove_prefix(unit.size());
    double count = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, count, std::chars_format::fixed);
    if (digits.empty() || error != std::errc() || stop != end || unit_ns(unit) == 0) {
      return refuse();
    }
    total_ns += count * unit_ns(unit);
  }
  // Go's own bound, and a double is exact to the microsecond far beyond what a schedule needs.
  if (total_ns > 9.2e18) return refuse();
  return std::chrono::milliseconds(std::llround(std::floor(total_ns / 1e6 + 1e-6)));
}

}  // namespace sluice
