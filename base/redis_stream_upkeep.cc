// The other half of a group member: its lease, its signs of life, its acks, and how it leaves.

#include "base/redis_stream_reader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kPage = 1000;       // Of a list that Redis answers with.
constexpr std::size_t kAcksAtOnce = 512;  // Longer commands would hold up others.
constexpr std::size_t kMissingAtOnce = 100;
constexpr std::chrono::seconds kPatience{5};
constexpr milliseconds kPauseAfterError{250};
constexpr std::chrono::hours kMemberDeadAfter{1};
constexpr std::chrono::minutes kSweepEvery{10};

}  // namespace

void RedisStreamReader::ack(const RedisEntryId& id) {
  holdings_.ack(id);
  if (telling_ || gone_) return;
  telling_ = true;
  group_.spawn(tell_acks());  // At the end of this turn, all that it acked.
}

Awaitable<void> RedisStreamReader::tell_acks() {
  for (;;) {
    const auto ids = holdings_.untold(kAcksAtOnce);
    if (ids.empty()) break;
    const auto told = co_await redis_.ack(commands_, ids, steady_clock::now() + kPatience);
    if (told) {
      holdings_.told(ids);
      if (options_.on_settled) options_.on_settled();
      continue;
    }
    // Not until there is a connection: close() must not wait for a server that is away.
    if (closing_) break;
    co_await upkeep_.wait(core(), steady_clock::now() + kPauseAfterError);
  }
  telling_ = false;
}

Awaitable<void> RedisStreamReader::upkeep_loop() {
  while (!closing_) {
    if (created_) {
      if (options_.ordered) co_await renew_lease();
      // What fails here is tried again in the next round; the reading loop tells the trouble.
      static_cast<void>(co_await keep_held());
      if (!claim_due_) {
        claim_cursor_ = RedisEntryId();
        claim_due_ = true;
      }
      if (steady_clock::now() >= next_sweep_ && !closing_) {
        next_sweep_ = steady_clock::now() + kSweepEvery;
        static_cast<void>(co_await redis_.remove_members(commands_, kMemberDeadAfter, ""));
      }
    }
    if (closing_) break;
    const Deadline again = steady_clock::now() + options_.session_timeout / 3;
    while (!closing_ && steady_clock::now() < again) {
      const bool woken = co_await upkeep_.wait(core(), again);
      if (woken && created_ && !had_lease_) break;
    }
  }
}

/// Whoever gets the lease takes over all that is handed out, before anything new; whoever loses it
/// lets go of all that it holds.
Awaitable<void> RedisStreamReader::renew_lease() {
  const auto ours = co_await lease_.take_or_renew(steady_clock::now() + kPatience);
  const bool held = ours ? ours.value() : lease_.is_held();
  // It ran out before it was renewed, and nobody has it: somebody may have had it meanwhile, and
  // settled what is still held here.
  const bool is_new = std::exchange(term_, lease_.terms()) != lease_.terms();
  if (had_lease_ && (!held || is_new)) {
    spdlog::warn("redis.lease_lost stream={} group={}", redis_.stream(), redis_.group());
    holdings_.lose_all();
    ready_ = RingQueue<RedisEntry>();
  }
  if (held && (!had_lease_ || is_new)) {
    claim_cursor_ = RedisEntryId();
    claim_due_ = claim_all_ = true;
    own_due_ = false;
    room_.notify_all();
  } else if (held && options_.on_arrival) {
    options_.on_arrival();  // take() may have stopped while the lease was in doubt.
  }
  had_lease_ = held;
}

/// Tells Redis that what is held is worked on, so that no other member takes it over; and finds out
/// what another has taken over all the same.
Task<void> RedisStreamReader::keep_held() {
  const std::vector<RedisEntryId> held = holdings_.kept();
  std::vector<RedisEntryId> missing;
  std::size_t at = 0;
  while (at < held.size() && !closing_) {
    const auto mine = co_await redis_.pending(commands_, held[at], kLastRedisEntryId, kPage,
                                              RedisGroup::Whose::mine);
    if (!mine) co_return mine.error();
    const bool is_all = mine.value().size() < kPage;
    std::vector<RedisEntryId> ours;
    std::size_t found = 0;
    for (; at < held.size(); ++at) {
      while (found < mine.value().size() && mine.value()[found].id < held[at]) ++found;
      if (found == mine.value().size() && !is_all) break;  // On the next page.
      const bool is_ours = found < mine.value().size() && mine.value()[found].id == held[at];
      (is_ours ? ours : missing).push_back(held[at]);
    }
    if (ours.empty()) continue;
    const auto kept = co_await redis_.keep(commands_, ours, milliseconds(0));
    if (!kept) co_return kept.error();
  }
  if (missing.size() > kMissingAtOnce) missing.resize(kMissingAtOnce);
  co_return co_await settle_missing(missing);
}

/// Of what is held and not in our list: lost where another has it. What nobody has (the stream was
/// deleted) is only here, and stays.
Task<void> RedisStreamReader::settle_missing(std::span<const RedisEntryId> missing) {
  for (const RedisEntryId& id : missing) {
    const auto whose = co_await redis_.pending(commands_, id, id, 1, RedisGroup::Whose::anybodys);
    if (!whose) co_return whose.error();
    if (whose.value().empty()) {
      holdings_.orphan(id);
    } else if (whose.value().front().consumer != redis_.consumer()) {
      holdings_.lose(id);
    }
  }
  co_return boost::outcome_v2::success();
}

Awaitable<void> RedisStreamReader::close() {
  closing_ = true;
  give_opened(false);
  room_.notify_all();
  upkeep_.notify_all();
  co_await blocking_.close();
  co_await group_.join();
  if (std::exchange(gone_, true)) co_return;
  co_await tell_acks();
  co_await say_goodbye();
}

/// Hands what is left to the other members, who need not wait for the session to time out, and
/// leaves the group, if it owes nothing.
Awaitable<void> RedisStreamReader::say_goodbye() {
  RedisEntryId from;
  while (created_) {
    const auto mine =
        co_await redis_.pending(commands_, from, kLastRedisEntryId, kPage, RedisGroup::Whose::mine);
    if (!mine) co_return;
    if (mine.value().empty()) break;
    std::vector<RedisEntryId> ids;
    for (const RedisPending& one : mine.value()) ids.push_back(one.id);
    from = ids.back().next();
    const auto handed_back = co_await redis_.keep(commands_, ids, options_.session_timeout);
    if (!handed_back) co_return;
  }
  if (created_) {
    const std::string& self = redis_.consumer();
    static_cast<void>(co_await redis_.remove_members(commands_, milliseconds(0), self));
  }
  if (options_.ordered) {
    const Deadline deadline = steady_clock::now() + kPatience;
    co_await lease_.release(deadline);
  }
}

void RedisStreamReader::give_opened(bool value) {
  if (!std::exchange(opened_given_, true)) opened_->give(value);
}

}  // namespace sluice
