// The reading half of a group member: one loop, which each time does the one thing that is due, in
// this order: make the group, wait for the lease or for room, read again what was lost on the way,
// take over what others let lie, read what is new. The other half is redis_stream_upkeep.cc.

#include "base/redis_stream_reader.h"

#include "base/uuid.h"

#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <array>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kSmallestBatch = 16;
constexpr std::size_t kLargestBatch = 512;
// Less than RedisClient::kSilence: a blocked read is no silent server.
constexpr milliseconds kLongestBlock{2'000};
// What one answer may bring, about: it is in memory as a whole, and on a slow link it must be here
// before the server counts as silent.
constexpr std::size_t kBatchBytes = 4 * 1024 * 1024;
constexpr milliseconds kPauseAfterError{250};
constexpr std::chrono::seconds kPatience{5};

/// Unique among the processes that share the group, and among the members in this one.
std::string member_name() {
  std::array<char, 128> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return std::string(host.data()) + "-" + std::to_string(::getpid()) + "-" +
         new_uuid().substr(0, 8);
}

}  // namespace

RedisStreamReader::RedisStreamReader(const RedisAddress& address, RedisClient& commands,
                                     RedisReaderOptions options)
    : commands_(commands),
      blocking_(commands.core(), address, RedisClient::Kind::standing),
      options_(std::move(options)),
      redis_(options_.stream, options_.group, member_name()),
      batch_(std::clamp(options_.read_ahead * 2, kSmallestBatch, kLargestBatch)),
      step_(batch_),
      block_(std::clamp(options_.session_timeout / 6, milliseconds(1), kLongestBlock)),
      lease_(commands, "sluice:lease:{" + options_.stream + "}:" + options_.group,
             options_.session_timeout),
      group_(commands.core()) {}

void RedisStreamReader::start() {
  blocking_.start();
  group_.spawn(read_loop());
  group_.spawn(upkeep_loop());
}

std::optional<RedisEntry> RedisStreamReader::take() {
  // Another member may have it all by now. Where not, renew_lease() says that there is something.
  if (options_.ordered && !lease_.is_held()) return std::nullopt;
  while (!ready_.empty() && !closing_) {
    RedisEntry entry = ready_.pop_front();
    if (ready_.size() <= batch_ / 2) room_.notify_all();
    if (holdings_.holds(entry.id)) return entry;  // Else it was lost while it lay here.
  }
  return std::nullopt;
}

Awaitable<void> RedisStreamReader::read_loop() {
  while (!closing_) {
    const bool up = co_await blocking_.connected();
    if (!up) break;
    const auto done = co_await read_step();
    if (closing_) break;
    if (done) {
      set_trouble("");
    } else {
      co_await recover_from(done.error());
    }
  }
}

Task<void> RedisStreamReader::read_step() {
  if (!created_) co_return co_await create_group();
  if (!may_read() || ready_.size() > batch_ / 2) {
    // A lease comes, and runs out, in upkeep's time; room is made by take().
    co_await room_.wait(core(), may_read() ? kNever : steady_clock::now() + block_);
    co_return boost::outcome_v2::success();
  }
  if (own_due_) co_return co_await read_own();
  if (claim_due_) co_return co_await claim();
  co_return co_await read_new();
}

/// Alone in ordered mode, and for longer than Redis may hold a read of ours: what it handed out
/// after the lease had passed on would break the order.
bool RedisStreamReader::may_read() const noexcept {
  return !options_.ordered || (lease_.is_held() && lease_.left() > 2 * block_);
}

Task<void> RedisStreamReader::create_group() {
  auto made = co_await redis_.create(blocking_, create_from_, steady_clock::now() + kPatience);
  if (!made) co_return made.error();
  created_ = true;
  upkeep_.notify_all();
  give_opened(true);
  co_return boost::outcome_v2::success();
}

Task<void> RedisStreamReader::read_new() {
  // No deadline: a large answer may take long; a silent server is the client's to notice.
  auto batch = co_await redis_.read_new(blocking_, step_, block_, kNever);
  if (!batch) co_return batch.error();
  accept(batch.value());
  co_return boost::outcome_v2::success();
}

Task<void> RedisStreamReader::read_own() {
  auto batch = co_await redis_.read_own(blocking_, own_cursor_, step_, kNever);
  if (!batch) co_return batch.error();
  own_cursor_ = batch.value().cursor;
  if (batch.value().finished) own_due_ = false;
  for (const RedisEntryId& id : batch.value().gone) ack(id);
  auto numbered = co_await number_attempts(batch.value());
  accept(batch.value());
  co_return numbered;
}

Task<void> RedisStreamReader::claim() {
  const milliseconds idle = claim_all_ ? milliseconds(0) : options_.session_timeout;
  auto batch = co_await redis_.claim(blocking_, claim_cursor_, step_, idle);
  if (!batch) co_return batch.error();
  claim_cursor_ = batch.value().cursor;
  if (batch.value().finished) claim_due_ = claim_all_ = false;
  auto numbered = co_await number_attempts(batch.value());
  accept(batch.value());
  co_return numbered;
}

/// Entries that were handed out before say so. Where that cannot be told they count as new.
Task<void> RedisStreamReader::number_attempts(RedisBatch& batch) {
  if (batch.entries.empty()) co_return boost::outcome_v2::success();
  const RedisEntryId first = batch.entries.front().id;
  const RedisEntryId last = batch.entries.back().id;
  const std::size_t count = batch.entries.size();
  const auto pending =
      co_await redis_.pending(blocking_, first, last, count, RedisGroup::Whose::mine);
  if (!pending) co_return pending.error();
  auto entry = batch.entries.begin();
  for (const RedisPending& one : pending.value()) {
    while (entry != batch.entries.end() && entry->id < one.id) ++entry;
    if (entry == batch.entries.end()) break;
    if (entry->id == one.id) entry->attempt = std::max(1U, one.deliveries);
  }
  co_return boost::outcome_v2::success();
}

void RedisStreamReader::adapt_step(const RedisBatch& batch) {
  if (batch.entries.empty()) return;
  std::size_t bytes = 0;
  for (const RedisEntry& entry : batch.entries) {
    for (std::size_t i = 0; i < entry.fields.size(); ++i) bytes += entry.fields[i].text().size();
  }
  const std::size_t each = bytes / batch.entries.size() + 1;
  const std::size_t most = std::clamp<std::size_t>(kBatchBytes / each, 1, batch_);
  step_ = std::min(most, step_ * 2);
}

void RedisStreamReader::accept(RedisBatch& batch) {
  adapt_step(batch);
  if (!batch.gone.empty()) {
    spdlog::warn("redis.entries_gone stream={} group={} count={} first={}", redis_.stream(),
                 redis_.group(), batch.gone.size(), to_string(batch.gone.front()));
  }
  if (closing_ || (options_.ordered && !lease_.is_held())) return;  // Redis hands them on.
  bool any = false;
  for (RedisEntry& entry : batch.entries) {
    if (!holdings_.add(entry.id)) continue;
    ready_.push_back(std::move(entry));
    any = true;
  }
  if (any && options_.on_arrival) options_.on_arrival();
}

/// After a step that failed: what Redis handed out meanwhile may not have arrived.
Awaitable<void> RedisStreamReader::recover_from(Error error) {
  set_trouble(options_.stream + ": " + error.detail);
  if (is_redis_error(error, "NOGROUP") || is_redis_error(error, "UNBLOCKED")) {
    if (created_) {
      spdlog::warn("redis.group_gone stream={} group={} made_again_at=0", redis_.stream(),
                   redis_.group());
    }
    created_ = false;
    create_from_ = "0";
    co_return;
  }
  step_ = std::max<std::size_t>(1, step_ / 4);  // It may have been too much for the link.
  own_cursor_ = claim_cursor_ = RedisEntryId();
  if (options_.ordered) {
    claim_due_ = claim_all_ = true;  // In the order of all, not the own ones first.
  } else {
    own_due_ = true;
  }
  if (blocking_.trouble().empty())
    co_await room_.wait(core(), steady_clock::now() + kPauseAfterError);
}

std::string RedisStreamReader::trouble() const {
  std::string why = blocking_.trouble();
  if (!why.empty()) return why;
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void RedisStreamReader::set_trouble(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (trouble_ != why) trouble_ = why;
}

}  // namespace sluice
