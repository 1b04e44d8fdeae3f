// The composition root: the commands of cli/commands.def and nothing else.

#include "base/side_thread.h"
#include "cli/command.h"
#include "cli/usage_error.h"
#include "cli/version.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

namespace sluice {

#define SLUICE_COMMAND(add) void add(CLI::App& app, int& status);
#include "cli/commands.def"
#undef SLUICE_COMMAND

namespace {

constexpr AddCommand kCommands[] = {
#define SLUICE_COMMAND(add) add,
#include "cli/commands.def"
#undef SLUICE_COMMAND
};

/// For what side threads are taking apart at the end; a name server that hangs is not waited for.
constexpr std::chrono::milliseconds kParting(200);

int run(int argc, char** argv) {
  CLI::App app("An event-driven CloudEvents broker with inference triggers.", "sluice");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("sluice ") + std::string(version_text()));
  int status = kExitOk;
  for (const AddCommand add : kCommands) add(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
    if (error.get_exit_code() == 0 && !has_unknown_word(app, args))
      return app.exit(error);  // --help
    std::cerr << usage_error_text(app, args, error);
    return kExitUsage;
  }
  return status;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // A peer that has gone is an error code, not the end.
  const int status = sluice::run(argc, argv);
  sluice::wait_for_side_threads(sluice::kParting);
  return status;
}
