#pragma once

#include "base/redis_entry_id.h"

#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice {

/// What a member of a group has been handed and has not settled, and the acks that Redis has not
/// heard of. Used on one core.
class RedisHoldings {
 public:
  /// False where it is held already, or its ack is on its way: it is not handed out twice.
  bool add(const RedisEntryId& id);

  /// Done with. Also what was lost, or never held: Redis is told all the same.
  void ack(const RedisEntryId& id);

  /// Another member has it by now; no difference where it is acked.
  void lose(const RedisEntryId& id);
  void lose_all();

  /// Nobody has it in the group's list, so no sign of life of ours can keep it; still held.
  void orphan(const RedisEntryId& id);

  [[nodiscard]] bool holds(const RedisEntryId& id) const noexcept { return held_.contains(id); }

  /// What is held and kept by signs of life, the smallest id first.
  [[nodiscard]] std::vector<RedisEntryId> kept() const;

  /// The next acks to tell, `limit` at most; they stay until told().
  [[nodiscard]] std::vector<RedisEntryId> untold(std::size_t limit) const;
  void told(std::span<const RedisEntryId> ids);

 private:
  enum class State : std::uint8_t { held, acked, orphan };
  std::unordered_map<RedisEntryId, State> held_;
  std::deque<RedisEntryId> acks_;
};

}  // namespace sluice
