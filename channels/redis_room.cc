// What may be trimmed is found by three looks, of which each later one can only show more to be
// settled: the stream's last id, the groups' positions, and the oldest that each still owes. A
// group that is made meanwhile begins behind all that is trimmed.

#include "channels/redis_room.h"

#include "channels/channel.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kTrimEvery{1};
constexpr milliseconds kTrimEveryWhenFull{50};
constexpr std::chrono::seconds kPatience{5};

bool is_missing(const Error& error) { return is_redis_error(error, "ERR no such key"); }

}  // namespace

/// The lowest id that some group has not settled, and whose it is.
struct RedisRoom::Unsettled {
  RedisEntryId below;  // Everything below it is settled.
  std::string group;   // Empty: there is no group.
};

RedisRoom::RedisRoom(std::string stream, std::size_t capacity)
    : stream_(std::move(stream)), capacity_(static_cast<std::int64_t>(capacity)) {}

void RedisRoom::start(RedisClient& client) {
  client_ = &client;
  group_ = std::make_unique<TaskGroup>(client.core());
  group_->spawn(keep_trimmed());
}

Core* RedisRoom::core() const noexcept { return client_ == nullptr ? nullptr : &client_->core(); }

void RedisRoom::know(const std::string& group) {
  wanted_ = true;
  const std::lock_guard lock(mutex_);
  known_.insert(group);
}

bool RedisRoom::is_full() const noexcept { return depth_.load() >= capacity_; }

bool RedisRoom::take(std::size_t entries) noexcept {
  const auto count = static_cast<std::int64_t>(entries);
  if (depth_.fetch_add(count) > capacity_ - count) {
    depth_.fetch_sub(count);
    return false;
  }
  in_flight_.fetch_add(count);
  return true;
}

Task<void> RedisRoom::make_and_take(RedisClient& client, std::size_t entries, Deadline deadline) {
  const Deadline looked_at{Deadline::duration(looked_at_.load())};
  const bool long_ago = steady_clock::now() - looked_at >= kTrimEveryWhenFull;
  if ((long_ago || !wanted_) && !looking_.exchange(true)) {
    const auto looked = co_await refresh(client, deadline);
    looking_ = false;
    if (!looked) co_return looked.error();
  }
  if (take(entries)) co_return boost::outcome_v2::success();
  if (wanted_) co_return full(entries);
  const auto count = static_cast<std::int64_t>(entries);
  depth_.fetch_add(count);  // Nobody wants them, and whoever looks just now trims them away.
  in_flight_.fetch_add(count);
  co_return boost::outcome_v2::success();
}

void RedisRoom::ended(std::size_t entries, bool appended) {
  const auto count = static_cast<std::int64_t>(entries);
  in_flight_.fetch_sub(count);
  if (!appended) depth_.fetch_sub(count);
  touch();
}

std::uint64_t RedisRoom::depth() const noexcept {
  return wanted_ ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, depth_.load())) : 0;
}

std::string RedisRoom::trouble() const {
  const std::lock_guard lock(mutex_);
  if (blamed_.empty() || !is_full()) return {};
  return "stream " + stream_ + " is full, and group '" + blamed_ +
         "', which no consumer here reads, holds its oldest entries (delete it with XGROUP DESTROY "
         "if nobody needs it)";
}

Error RedisRoom::full(std::size_t entries) const {
  Error error = no_room(entries, static_cast<std::size_t>(capacity_), "events");
  const std::string whose = trouble();
  if (!whose.empty()) error.detail += ": " + whose;
  return error;
}

void RedisRoom::touch() {
  if (touched_.exchange(true) || closed_ || client_ == nullptr) return;
  boost::asio::post(client_->core().executor(),
                    [self = shared_from_this()] { self->pause_.notify_all(); });
}

Awaitable<void> RedisRoom::keep_trimmed() {
  while (!closed_) {
    if (!touched_) {
      // While it is full, another process or an operator may make room.
      const Deadline look = is_full() ? steady_clock::now() + kTrimEvery : kNever;
      co_await pause_.wait(client_->core(), look);
      if (!touched_ && !is_full()) continue;
    }
    const Deadline due = steady_clock::now() + kTrimEvery;
    while (!closed_ && steady_clock::now() < due) {
      const Deadline soon = steady_clock::now() + kTrimEveryWhenFull;
      co_await pause_.wait(client_->core(), std::min(due, soon));
      if (is_full()) break;
    }
    if (closed_) break;
    // Where it fails the next second is soon enough; the client tells the trouble.
    static_cast<void>(co_await refresh(*client_, steady_clock::now() + kPatience));
  }
}

Task<void> RedisRoom::refresh(RedisClient& client, Deadline deadline) {
  touched_ = false;
  auto unsettled = co_await find_unsettled(client, deadline);
  if (!unsettled) {
    touched_ = true;
    co_return unsettled.error();
  }
  const auto length = co_await trim(client, unsettled.value().below, deadline);
  if (!length) {
    touched_ = true;
    co_return length.error();
  }
  bool is_wanted = !unsettled.value().group.empty();
  {
    const std::lock_guard lock(mutex_);
    is_wanted = is_wanted || !known_.empty();
  }
  wanted_ = is_wanted;
  // What is appended on other cores between the two is counted at the next look.
  depth_.fetch_add(length.value() + in_flight_.load() - depth_.load());
  looked_at_ = steady_clock::now().time_since_epoch().count();
  blame(unsettled.value().group);
  co_return boost::outcome_v2::success();
}

Task<RedisRoom::Unsettled> RedisRoom::find_unsettled(RedisClient& client, Deadline deadline) const {
  Unsettled found;
  const std::array<std::string_view, 3> of_stream = {"XINFO", "STREAM", stream_};
  const auto stream = co_await client.command(of_stream, deadline);
  if (!stream && is_missing(stream.error())) co_return found;
  if (!stream) co_return stream.error();
  const RedisValue last = stream.value().value().field("last-generated-id");
  const auto last_id = parse_redis_entry_id(last.text());
  if (!last_id) co_return fail(Errc::internal, "Redis tells no last id of stream " + stream_);
  found.below = last_id->next();

  const std::array<std::string_view, 3> of_groups = {"XINFO", "GROUPS", stream_};
  const auto groups = co_await client.command(of_groups, deadline);
  if (!groups && is_missing(groups.error())) co_return Unsettled();
  if (!groups) co_return groups.error();
  const RedisValue list = groups.value().value();
  // A group of ours that has vanished with the stream's data is made again at the start of the new
  // stream: all of that is still owed to it.
  if (lacks_one_of_ours(list)) found.below = RedisEntryId();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto oldest = co_await oldest_of(client, list[i], deadline);
    if (!oldest) co_return oldest.error();
    if (found.group.empty() || oldest.value() < found.below) {
      found.group = list[i].field("name").text();
      found.below = std::min(found.below, oldest.value());
    }
  }
  co_return found;
}

/// Whether a group that this process reads is not in XINFO GROUPS' answer.
bool RedisRoom::lacks_one_of_ours(RedisValue groups) const {
  std::unordered_set<std::string_view> there;
  for (std::size_t i = 0; i < groups.size(); ++i) there.insert(groups[i].field("name").text());
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(known_, [&](const auto& name) { return !there.contains(name); });
}

/// The lowest id that one group has not settled, as XINFO GROUPS shows it.
Task<RedisEntryId> RedisRoom::oldest_of(RedisClient& client, RedisValue group,
                                        Deadline deadline) const {
  const auto last = parse_redis_entry_id(group.field("last-delivered-id").text());
  if (!last) co_return fail(Errc::internal, "Redis tells no position of a group of " + stream_);
  const RedisEntryId behind = last->next();
  if (group.field("pending").integer() == 0) co_return behind;
  const std::string_view name = group.field("name").text();
  const std::array<std::string_view, 3> words = {"XPENDING", stream_, name};
  const auto pending = co_await client.command(words, deadline);
  if (!pending) co_return pending.error();
  const auto oldest = parse_redis_entry_id(pending.value().value()[1].text());
  co_return std::min(behind, oldest.value_or(behind));
}

/// How long the stream is when everything below `below` is gone.
Task<std::int64_t> RedisRoom::trim(RedisClient& client, const RedisEntryId& below,
                                   Deadline deadline) {
  const std::string below_text = to_string(below);
  const std::array<std::string_view, 4> cut = {"XTRIM", stream_, "MINID", below_text};
  const auto trimmed = co_await client.command(cut, deadline);
  if (!trimmed) co_return trimmed.error();
  const std::array<std::string_view, 2> count = {"XLEN", stream_};
  const auto length = co_await client.command(count, deadline);
  if (!length) co_return length.error();
  co_return length.value().value().integer();
}

void RedisRoom::blame(const std::string& group) {
  const std::lock_guard lock(mutex_);
  blamed_ = known_.contains(group) ? std::string() : group;
}

Awaitable<void> RedisRoom::close() {
  closed_ = true;
  pause_.notify_all();
  if (group_) co_await group_->join();
}

}  // namespace sluice
