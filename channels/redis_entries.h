#pragma once

#include "event/event_redis.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

/// The command that adds several events to a stream, in their order, all of them or none: a script,
/// which Redis runs in one go. The stream's name and the events outlive it.
class RedisEntries {
 public:
  /// As many as a command takes: Redis does nothing else meanwhile, which is to be milliseconds.
  static constexpr std::size_t kMostEvents = 1000;

  RedisEntries(std::string_view stream, std::span<const EventPtr> events);

  /// What RedisClient::command() is given; the answer is none, or an error of XADD.
  [[nodiscard]] std::span<const std::string_view> words() const noexcept {
    return {words_.data(), words_.size()};
  }

 private:
  std::vector<EventRecord> records_;
  RedisWords words_;
};

}  // namespace sluice
