#pragma once

#include "base/result.h"

#include <string>

namespace sluice {

/// Sets up the one logger, to stderr. `format` is text or json; `level` is trace, debug, info,
/// warn, error or off. Errors: invalid_argument, naming the value.
[[nodiscard]] Result<void> set_up_logging(const std::string& format, const std::string& level);

}  // namespace sluice
