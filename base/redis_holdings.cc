// The books of one group member: what it owes, and what it has still to tell.

#include "base/redis_holdings.h"

#include <algorithm>

namespace sluice {

bool RedisHoldings::add(const RedisEntryId& id) {
  return held_.try_emplace(id, State::held).second;
}

void RedisHoldings::ack(const RedisEntryId& id) {
  const auto [at, added] = held_.try_emplace(id, State::acked);
  if (!added && at->second == State::acked) return;
  at->second = State::acked;
  acks_.push_back(id);
}

void RedisHoldings::lose(const RedisEntryId& id) {
  const auto at = held_.find(id);
  if (at != held_.end() && at->second != State::acked) held_.erase(at);
}

void RedisHoldings::lose_all() {
  std::erase_if(held_, [](const auto& entry) { return entry.second != State::acked; });
}

void RedisHoldings::orphan(const RedisEntryId& id) {
  const auto at = held_.find(id);
  if (at != held_.end() && at->second == State::held) at->second = State::orphan;
}

std::vector<RedisEntryId> RedisHoldings::kept() const {
  std::vector<RedisEntryId> ids;
  for (const auto& [id, state] : held_) {
    if (state == State::held) ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

std::vector<RedisEntryId> RedisHoldings::untold(std::size_t limit) const {
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, acks_.size()));
  return {acks_.begin(), acks_.begin() + count};
}

void RedisHoldings::told(std::span<const RedisEntryId> ids) {
  acks_.erase(acks_.begin(), acks_.begin() + static_cast<std::ptrdiff_t>(ids.size()));
  for (const RedisEntryId& id : ids) held_.erase(id);
}

}  // namespace sluice
