// `sluice cesql`: what an expression of the CloudEvents SQL language yields for an event.

#include "cli/cesql_prompt.h"
#include "cli/command.h"
#include "cli/event_file.h"
#include "filter/cesql/expression.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

struct CesqlFlags {
  std::vector<std::string> expressions;
  std::string event;
};

// What an expression looks at where no event is given.
EventPtr sample_event() {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/sluice/cesql").set("type", "dev.sluice.cesql");
  return builder.build();
}

nlohmann::ordered_json to_json(const CesqlError& error) {
  return {{"kind", to_string(error.kind)}, {"message", error.detail}, {"column", error.column}};
}

int report(const nlohmann::ordered_json& result, const std::optional<CesqlError>& error,
           const std::string& text) {
  const nlohmann::ordered_json line = {
      {"result", result}, {"error", error ? to_json(*error) : nlohmann::ordered_json()}};
  std::cout << line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  if (!error) return kExitOk;
  std::cerr << with_caret(text, error->column) << ' ' << error->detail << '\n';
  return kExitBad;
}

int run_expression(const std::string& text, const Event& event) {
  const auto expression = CesqlExpression::parse(text);
  if (!expression) return report(nullptr, expression.error(), text);
  const CesqlOutcome outcome = expression.value().evaluate(event);
  nlohmann::ordered_json result;
  std::visit([&](const auto& value) { result = value; }, outcome.value);
  return report(result, outcome.error, text);
}

int run_cesql(const CesqlFlags& flags) {
  EventPtr event = sample_event();
  if (!flags.event.empty()) {
    auto read = read_event_file(flags.event);
    if (!read) {
      std::cerr << "error: --event: " << read.error().detail << '\n';
      return kExitUsage;
    }
    event = std::move(read).value();
  }
  if (!flags.expressions.empty()) return run_expression(flags.expressions[0], *event);
  if (::isatty(STDIN_FILENO) == 0) {
    std::cerr << "error: EXPR is missing: an expression, in quotes; without it there is a prompt, "
                 "on a terminal only\n";
    return kExitUsage;
  }
  run_cesql_prompt(std::cin, std::cout, std::move(event));
  return kExitOk;
}

// Zero or one. An expression that begins with a minus looks like an option and comes as a rest.
bool take_rest(std::vector<std::string> rest, CesqlFlags& flags) {
  // CLI11 leaves both the option that it does not know and what stands behind "--" in the rest.
  const bool is_free = std::erase(rest, "--") > 0;
  for (const std::string& word : rest) {
    if (is_free || word.size() < 3 || !word.starts_with("--") || word[2] < 'a' || word[2] > 'z')
      continue;
    std::cerr << "error: unknown option " << word
              << "; an expression that begins so goes behind --\n";
    return false;
  }
  flags.expressions.insert(flags.expressions.end(), rest.begin(), rest.end());
  if (flags.expressions.size() <= 1) return true;
  std::cerr << "error: two expressions, '" << flags.expressions[0] << "' and '"
            << flags.expressions[1] << "': put one into quotes\n";
  return false;
}

}  // namespace

void add_cesql(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("cesql", "Evaluate a CloudEvents SQL expression");
  auto flags = std::make_shared<CesqlFlags>();
  command->add_option("expression", flags->expressions, "In quotes; without it, a prompt");
  command->add_option("--event", flags->event,
                      "FILE with an event in the JSON format, - for standard input; by default one "
                      "that has nothing but the required attributes");
  command->allow_extras();
  add_examples(
      *command,
      "  sluice cesql \"1 + 1 = 2\"\n"
      "  sluice cesql \"type LIKE 'com.example.%' AND EXISTS subject\" --event order.json\n"
      "  sluice cesql                 a prompt, on a terminal");
  command->callback([command, flags, &status] {
    status = take_rest(command->remaining(), *flags) ? run_cesql(*flags) : kExitUsage;
  });
}

}  // namespace sluice
