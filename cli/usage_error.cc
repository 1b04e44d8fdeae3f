#include "cli/usage_error.h"

#include "base/edit_distance.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

std::vector<std::string_view> command_names(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.emplace_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// The command of that name right below `app`; null when there is none.
const CLI::App* find_command(const CLI::App& app, std::string_view name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

bool looks_like_option(std::string_view arg) {
  return arg.size() > 1 && arg[0] == '-' && !(arg[1] >= '0' && arg[1] <= '9');
}

// Long options as they are, "--name=value" without the value, short ones without what is glued on.
std::string_view option_part(std::string_view arg) {
  return arg.starts_with("--") ? arg.substr(0, arg.find('=')) : arg.substr(0, 2);
}

std::string suggestion(std::string_view name, std::span<const std::string_view> candidates) {
  const auto meant = nearest(name, candidates);
  return meant ? "; did you mean '" + std::string(*meant) + "'?" : "";
}

// Commands of the contract that later versions have.
bool is_later(std::string_view name) {
  constexpr std::string_view kLater[] = {"cesql", "bench"};
  return std::ranges::find(kLater, name) != std::end(kLater);
}

// What in `args` no command or option answers to, as a sentence; empty when nothing is found.
std::string unknown_word(const CLI::App& app, std::span<const std::string> args,
                         std::string& path) {
  const CLI::App* command = &app;
  for (const std::string& arg : args) {
    if (arg == "--") break;
    if (looks_like_option(arg)) {
      const auto names = option_names(*command);
      const std::vector<std::string_view> candidates(names.begin(), names.end());
      const auto part = option_part(arg);
      if (std::ranges::find(candidates, part) != candidates.end()) continue;
      return "unknown option '" + std::string(part) + "'" + suggestion(part, candidates);
    }
    const auto names = command_names(*command);
    if (names.empty()) continue;
    const CLI::App* below = find_command(*command, arg);
    if (below == nullptr && is_later(arg)) return "'" + arg + "' is not in this version";
    if (below == nullptr) return "unknown command '" + arg + "'" + suggestion(arg, names);
    command = below;
    path += " " + arg;
  }
  return {};
}

}  // namespace

bool has_unknown_word(const CLI::App& app, std::span<const std::string> args) {
  std::string path;
  return !unknown_word(app, args, path).empty();
}

std::string usage_error_text(const CLI::App& app, std::span<const std::string> args,
                             const CLI::ParseError& error) {
  std::string path = app.get_name();
  std::string what = unknown_word(app, args, path);
  // A wrong value or a missing option is what CLI11 says it is.
  const auto code = static_cast<CLI::ExitCodes>(error.get_exit_code());
  const bool is_unknown = code == CLI::ExitCodes::ExtrasError ||
                          code == CLI::ExitCodes::RequiredError ||
                          code == CLI::ExitCodes::Success;  // --help of what is not there.
  if (what.empty() || !is_unknown) what = error.what();
  return "error: " + what + "\nRun '" + path + " --help' for the options and examples.\n";
}

}  // namespace sluice
