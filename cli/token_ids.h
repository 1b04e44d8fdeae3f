#pragma once

#include "base/result.h"
#include "inference/token.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

/// Token ids as a command line has them: "1,2,3" or "[1, 2, 3]"; each at least 0 and below `size`.
/// Errors: invalid_argument, naming the id.
[[nodiscard]] Result<std::vector<inference::TokenId>> parse_token_ids(std::string_view text,
                                                                      std::int64_t size);

}  // namespace sluice
