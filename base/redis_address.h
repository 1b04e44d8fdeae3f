#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Where a Redis server is, and as whom to log in there.
struct RedisAddress {
  std::string host;  ///< IPv6 without brackets.
  std::uint16_t port = 6379;
  std::string user;      ///< Empty: the default user.
  std::string password;  ///< Empty: no AUTH. Never logged.
  int database = 0;
};

/// Reads "redis://[user:password@]host[:port][/database]"; user and password may be
/// percent-encoded.
/// Errors: invalid_argument, naming what is wrong and never what stands before the `@`.
[[nodiscard]] Result<RedisAddress> parse_redis_address(std::string_view text);

}  // namespace sluice
