#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// The id of one entry of a Redis stream: milliseconds of Redis's clock, then a count.
struct RedisEntryId {
  std::uint64_t ms = 0;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const RedisEntryId&, const RedisEntryId&) = default;

  /// The smallest id after this one.
  [[nodiscard]] RedisEntryId next() const noexcept;
};

/// "1732200000000-0"; nullopt for anything else.
[[nodiscard]] std::optional<RedisEntryId> parse_redis_entry_id(std::string_view text) noexcept;

[[nodiscard]] std::string to_string(const RedisEntryId& id);

}  // namespace sluice

/// So that ids can be kept in unordered containers.
template <>
struct std::hash<sluice::RedisEntryId> {
  std::size_t operator()(const sluice::RedisEntryId& id) const noexcept {
    return (id.ms * 0x9e3779b97f4a7c15ULL) ^ (id.sequence * 0xbf58476d1ce4e5b9ULL);
  }
};
