#pragma once

#include "cli/command.h"

#include <span>
#include <string>

namespace sluice {

/// What to tell a user whose command line was refused with `error`: what is wrong, the command or
/// option that was probably meant, where to read more. `args` is without the program's own name.
[[nodiscard]] std::string usage_error_text(const CLI::App& app, std::span<const std::string> args,
                                           const CLI::ParseError& error);

/// Whether `args` name a command or an option that there is not: asking for its help is no help.
[[nodiscard]] bool has_unknown_word(const CLI::App& app, std::span<const std::string> args);

}  // namespace sluice
