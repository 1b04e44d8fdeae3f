#pragma once

#include "base/redis_address.h"
#include "channels/channel_spec.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace sluice {

/// What a RedisChannel is made of.
struct RedisChannelSettings {
  RedisAddress address;
  std::string stream;
  std::size_t capacity = 0;
  std::chrono::milliseconds session_timeout{10'000};
};

/// Reads the fields of `spec`, as channels/redis_channel.cc documents them.
/// Errors: invalid_argument, naming the field.
[[nodiscard]] Result<RedisChannelSettings> read_redis_channel_settings(const ChannelSpec& spec);

}  // namespace sluice
