#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// An address to listen on or to connect to.
struct HostPort {
  std::string host;  ///< IPv6 without brackets.
  std::uint16_t port = 0;
};

/// Reads "127.0.0.1:8080", "[::1]:8080", "localhost:0", and ":8080" for every interface.
/// Errors: invalid_argument, naming what is wrong.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

/// "127.0.0.1:8080", "[::1]:8080".
[[nodiscard]] std::string to_string(const HostPort& address);

}  // namespace sluice
