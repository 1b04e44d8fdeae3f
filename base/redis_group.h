#pragma once

#include "base/redis_client.h"
#include "base/redis_entry_id.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice {

/// One entry of a stream, as it was read.
struct RedisEntry {
  RedisEntryId id;
  RedisValue fields;  ///< An array of names and values, in turn.
  std::uint32_t attempt = 1;
  std::shared_ptr<const RedisReply> reply;  ///< What `fields` is a view of.
};

/// What one read brought.
struct RedisBatch {
  std::vector<RedisEntry> entries;
  std::vector<RedisEntryId> gone;  ///< Owed still, though the stream has them no more.
  RedisEntryId cursor;             ///< Where the next read goes on.
  bool finished = false;           ///< There is nothing behind `cursor` now.
};

/// One entry that a group has handed out and that is not acked.
struct RedisPending {
  RedisEntryId id;
  std::string consumer;
  std::uint32_t deliveries = 0;
};

/// The commands of one member of a stream's consumer group. Each may be given either of a member's
/// two connections; each is given up at `deadline` at the latest. Errors: as
/// RedisClient::command(); is_redis_error(error, "NOGROUP") where the group is not there.
class RedisGroup {
 public:
  RedisGroup(std::string stream, std::string group, std::string consumer);

  [[nodiscard]] const std::string& stream() const noexcept { return stream_; }
  [[nodiscard]] const std::string& group() const noexcept { return group_; }
  [[nodiscard]] const std::string& consumer() const noexcept { return consumer_; }

  /// Makes the group, and the stream, where it is not there: `from` "$", what is appended from now
  /// on, or "0", all that the stream has.
  Task<void> create(RedisClient& client, std::string_view from, Deadline deadline) const;

  /// What nobody in the group has had. Redis waits up to `block` for it.
  Task<RedisBatch> read_new(RedisClient& client, std::size_t count, std::chrono::milliseconds block,
                            Deadline deadline) const;

  /// What this member was handed and has not acked, behind `after`.
  Task<RedisBatch> read_own(RedisClient& client, const RedisEntryId& after, std::size_t count,
                            Deadline deadline) const;

  /// Takes over what nobody has touched for `idle`, from `from` on.
  Task<RedisBatch> claim(RedisClient& client, const RedisEntryId& from, std::size_t count,
                         std::chrono::milliseconds idle) const;

  /// What is handed out and not acked from `first` to `last`: `count` at most; of this member only,
  /// or of all.
  enum class Whose : std::uint8_t { mine, anybodys };
  Task<std::vector<RedisPending>> pending(RedisClient& client, const RedisEntryId& first,
                                          const RedisEntryId& last, std::size_t count,
                                          Whose whose) const;

  Task<void> ack(RedisClient& client, std::span<const RedisEntryId> ids, Deadline deadline) const;

  /// Says that these are still worked on, by this member, and were touched `idle` ago.
  Task<void> keep(RedisClient& client, std::span<const RedisEntryId> ids,
                  std::chrono::milliseconds idle) const;

  /// Removes members that owe nothing and were not heard of for `idle`; `only` that one where it is
  /// not empty. In one step of Redis, because with a member goes what it owes.
  Task<void> remove_members(RedisClient& client, std::chrono::milliseconds idle,
                            std::string_view only) const;

 private:
  Task<RedisBatch> read(RedisClient& client, std::span<const std::string_view> words,
                        Deadline deadline) const;

  const std::string stream_;
  const std::string group_;
  const std::string consumer_;
};

/// The greatest id there can be.
inline constexpr RedisEntryId kLastRedisEntryId{UINT64_MAX, UINT64_MAX};

}  // namespace sluice
