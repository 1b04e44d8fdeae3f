#pragma once

#include <CLI/CLI.hpp>

namespace sluice {

/// The exit statuses of the contract; every command ends with one of them.
enum ExitStatus : int {
  kExitOk = 0,
  kExitBad = 1,          ///< The thing checked is bad.
  kExitUsage = 2,        ///< The command line is wrong, or a path on it does not exist.
  kExitUnreachable = 3,  ///< A server cannot be reached, or an address cannot be bound.
  kExitNotDrained = 7,   ///< serve: events were left when the drain timeout passed.
  kExitConfig = 78,      ///< serve: bad manifests.
};

/// Adds one command to `app`. When the command is chosen, its callback runs it and leaves its exit
/// status in `status`, which outlives `app`.
using AddCommand = void (*)(CLI::App& app, int& status);

/// A paragraph of examples, in the form that every `--help` ends with.
inline void add_examples(CLI::App& command, const char* examples) {
  command.footer(std::string("Examples:\n") + examples);
}

}  // namespace sluice
