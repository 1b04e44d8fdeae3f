#pragma once

#include "manifest/build.h"

#include <string>

namespace sluice {

/// The field `address` of the Redis kinds as it was written; a finding where it is none. A line
/// that shows a password is not quoted.
[[nodiscard]] std::string read_redis_address(const Value<std::string>& address, Findings& findings);

/// What is said of `address` in each table.
inline constexpr FieldInfo kRedisAddress = {
    "address", "Where Redis is: `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`.", true};

}  // namespace sluice
