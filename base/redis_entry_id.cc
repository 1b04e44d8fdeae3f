// Ids of stream entries: text on the wire, two numbers here.

#include "base/redis_entry_id.h"

#include <charconv>
#include <limits>

namespace sluice {

RedisEntryId RedisEntryId::next() const noexcept {
  if (sequence == std::numeric_limits<std::uint64_t>::max()) return RedisEntryId{ms + 1, 0};
  return RedisEntryId{ms, sequence + 1};
}

std::optional<RedisEntryId> parse_redis_entry_id(std::string_view text) noexcept {
  RedisEntryId id;
  const char* const end = text.data() + text.size();
  const auto [dash, bad_ms] = std::from_chars(text.data(), end, id.ms);
  if (bad_ms != std::errc() || dash == end || *dash != '-') return std::nullopt;
  const auto [stop, bad_sequence] = std::from_chars(dash + 1, end, id.sequence);
  if (bad_sequence != std::errc() || stop != end) return std::nullopt;
  return id;
}

std::string to_string(const RedisEntryId& id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.sequence);
}

}  // namespace sluice
