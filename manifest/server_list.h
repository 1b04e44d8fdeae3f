#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace sluice {

/// Reads "HOST:PORT,HOST:PORT", spaces around commas allowed, and answers with it without them.
/// Errors: invalid_argument, naming the entry that is wrong and what to write.
[[nodiscard]] Result<std::string> parse_server_list(std::string_view text);

}  // namespace sluice
