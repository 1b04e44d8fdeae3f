#pragma once

#include "base/redis_client.h"
#include "base/redis_entry_id.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

namespace sluice {

/// How much room a stream has left, and the trimming that makes room: exactly what every group of
/// the stream has settled, whoever the group belongs to, and never more. Counted in entries from
/// the oldest that some group has not settled; with no group at all, an entry takes no room. An
/// append on its way while Redis is asked may count twice, until Redis is asked again: a stream may
/// be full that few entries early.
///
/// take(), ended(), depth() and settled() may be called from any core. Lifecycle: construct ->
/// start() -> ... -> close(), on the core that it was started for.
class RedisRoom : public std::enable_shared_from_this<RedisRoom> {
 public:
  RedisRoom(std::string stream, std::size_t capacity);

  /// Begins to trim, about each second in which something happened, on the client's core.
  void start(RedisClient& client);
  [[nodiscard]] Core* core() const noexcept;

  /// This process reads `group`.
  void know(const std::string& group);

  /// Places for so many more; false, and none taken, where they are not free, as far as is known.
  /// ended() follows, for all of them.
  [[nodiscard]] bool take(std::size_t entries) noexcept;

  /// The same, after a look at Redis where the last one is some time ago.
  /// Errors: resource_exhausted; those of RedisClient::command().
  Task<void> make_and_take(RedisClient& client, std::size_t entries, Deadline deadline);

  /// What so many places were taken for has happened, or not.
  void ended(std::size_t entries, bool appended);

  /// Some group has settled something.
  void settled() { touch(); }

  [[nodiscard]] std::uint64_t depth() const noexcept;

  /// Who holds the room that is wanting, where no consumer of ours is to blame; else empty.
  [[nodiscard]] std::string trouble() const;

  /// Trims and counts. Errors: those of RedisClient::command().
  Task<void> refresh(RedisClient& client, Deadline deadline);

  Awaitable<void> close();

 private:
  struct Unsettled;
  Task<Unsettled> find_unsettled(RedisClient& client, Deadline deadline) const;
  Task<RedisEntryId> oldest_of(RedisClient& client, RedisValue group, Deadline deadline) const;
  Task<std::int64_t> trim(RedisClient& client, const RedisEntryId& below, Deadline deadline);
  [[nodiscard]] bool lacks_one_of_ours(RedisValue groups) const;
  Awaitable<void> keep_trimmed();
  void touch();
  void blame(const std::string& group);
  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] Error full(std::size_t entries) const;

  const std::string stream_;
  const std::int64_t capacity_;
  std::atomic<std::int64_t> depth_{0};
  std::atomic<std::int64_t> in_flight_{0};
  std::atomic<bool> wanted_{false};  // There is a group.
  std::atomic<bool> touched_{false};
  std::atomic<bool> looking_{false};
  std::atomic<Deadline::rep> looked_at_{0};
  std::atomic<bool> closed_{false};
  RedisClient* client_ = nullptr;  // Set before anything else is called.
  std::unique_ptr<TaskGroup> group_;
  WaitQueue pause_;
  mutable std::mutex mutex_;  // Guards what follows.
  std::unordered_set<std::string> known_;
  std::string blamed_;
};

}  // namespace sluice
