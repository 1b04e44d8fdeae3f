#pragma once

#include "base/result.h"

#include <string>

namespace sluice {

/// All of a file; "-" is standard input.
/// Errors: not_found, naming the path, when it cannot be read.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

}  // namespace sluice
