#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sluice {

/// How long a Retry-After header asks to wait (RFC 9110 10.2.3): seconds, or an HTTP date. Nullopt
/// when it is unreadable, negative or past.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace sluice
