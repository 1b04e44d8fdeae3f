#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Where a Redis server is and who we are to it.
struct RedisAddress {
  std::string host;  ///< Name or address, IPv6 without brackets.
  std::uint16_t port = 6379;
  std::string user;      ///< Empty: Redis's default user.
  std::string password;  ///< Empty: no AUTH. Never shown.
  std::uint32_t db = 0;
  std::string shown;  ///< As written, without user and password: for logs, errors and events.
};

/// Reads `redis://[user:password@]host[:port][/db]`; user and password may be percent-encoded, the
/// user may be empty. `rediss` is refused by name (this build's client has no TLS).
/// Errors: invalid_argument, with what is wrong and what to write; never with the password.
[[nodiscard]] Result<RedisAddress> parse_redis_address(std::string_view text);

}  // namespace sluice
