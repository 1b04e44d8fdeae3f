// `sluice cron`: when a schedule fires, so that nobody has to wait to find out.

#include "base/rfc3339.h"
#include "cli/command.h"
#include "sources/cron.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>

namespace sluice {
namespace {

struct CronFlags {
  std::string expression;
  std::string timezone;
  std::string from;
  int count = 5;
};

int number_at(std::string_view text, std::size_t position, std::size_t size) {
  int value = 0;
  std::from_chars(text.data() + position, text.data() + position + size, value);
  return value;
}

// `text` in whole seconds; it is RFC 3339.
CronTime read_time(std::string_view text) {
  const std::chrono::year_month_day date(
      std::chrono::year(number_at(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2))));
  const CronTime local = std::chrono::sys_days(date) + std::chrono::hours(number_at(text, 11, 2)) +
                         std::chrono::minutes(number_at(text, 14, 2)) +
                         std::chrono::seconds(number_at(text, 17, 2));
  if (text.back() == 'Z' || text.back() == 'z') return local;
  const std::size_t sign = text.size() - 6;
  const auto offset = std::chrono::hours(number_at(text, sign + 1, 2)) +
                      std::chrono::minutes(number_at(text, sign + 4, 2));
  return text[sign] == '-' ? local + offset : local - offset;
}

int print_fire_times(const CronSchedule& schedule, const CronFlags& flags) {
  const CronTime start =
      flags.from.empty()
          ? std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())
          : read_time(flags.from);
  CronTime last = start;
  for (int i = 0; i < flags.count; ++i) {
    const auto time = schedule.next(last, start);
    if (!time) {
      std::cerr << (i == 0 ? "error: '" : "note: '") << flags.expression
                << "' does not fire within five years of " << schedule.to_rfc3339(last) << '\n';
      return i == 0 ? kExitBad : kExitOk;
    }
    std::cout << schedule.to_rfc3339(*time) << '\n';
    last = *time;
  }
  return kExitOk;
}

int run_cron(const CronFlags& flags) {
  if (!flags.from.empty() && !is_rfc3339(flags.from)) {
    std::cerr << "error: --from: '" << flags.from
              << "' is not RFC 3339: write it like 2026-11-20T14:45:00Z\n";
    return kExitUsage;
  }
  const auto schedule = CronSchedule::parse(flags.expression, flags.timezone);
  if (!schedule) {
    std::cerr << "error: " << schedule.error().detail << '\n';
    return kExitBad;
  }
  for (const std::string& warning : schedule.value().warnings()) {
    std::cerr << "warning: " << warning << '\n';
  }
  return print_fire_times(schedule.value(), flags);
}

}  // namespace

void add_cron(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("cron", "Print the next fire times of a schedule");
  auto flags = std::make_shared<CronFlags>();
  command
      ->add_option(
          "expression", flags->expression,
          "5 fields, 6 with seconds first, @daily and its like, or '@every 30s'; in quotes")
      ->required();
  command->add_option("--timezone", flags->timezone, "An IANA time zone; UTC where none is given");
  command->add_option("--from", flags->from, "RFC 3339 time, itself excluded; now by default");
  command->add_option("--count", flags->count, "How many to print")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  add_examples(*command,
               "  sluice cron '*/5 9-17 * * mon-fri' --timezone Europe/Berlin\n"
               "  sluice cron '0 0 29 2 *' --from 2026-01-01T00:00:00Z --count 3\n"
               "  sluice cron '@every 90s'");
  command->callback([flags, &status] { status = run_cron(*flags); });
}

}  // namespace sluice
