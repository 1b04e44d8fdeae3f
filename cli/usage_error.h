#pragma once

#include "cli/command.h"

#include <span>
#include <string>

namespace sluice {

/// What to tell a user whose command line was refused with `error`: what is wrong, the command or
/// option that was probably meant, where to read more. `args` is without the program's own name.
[[nodiscard]] std::string usage_error_text(const CLI::App& app, std::span<const std::string> args,
                                           const CLI::ParseError& error);

}  // namespace sluice
