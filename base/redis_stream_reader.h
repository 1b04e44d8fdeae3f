#pragma once

#include "base/handover.h"
#include "base/redis_group.h"
#include "base/redis_holdings.h"
#include "base/redis_lease.h"
#include "base/ring_queue.h"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace sluice {

/// What a reader reads, and how.
struct RedisReaderOptions {
  std::string stream;
  std::string group;
  std::size_t read_ahead = 64;
  /// What its holder does not touch for so long, another member takes over.
  std::chrono::milliseconds session_timeout{10'000};
  /// One member reads at a time, and takes over first, in order, all that others were handed.
  bool ordered = false;
  std::function<void()> on_arrival;  ///< take() may find something.
  std::function<void()> on_settled;  ///< Redis has been told of acks.
};

/// One member of a consumer group: reads ahead over a blocking connection of its own, tells acks
/// in batches over `commands`, keeps what it holds by signs of life, takes over what dead members
/// held. What it was handed and did not ack before close() goes to the other members at once. A
/// group that is not there is made at the end of the stream; one that vanished, with the stream or
/// all of Redis's data, at its start. Used on the core of `commands`.
///
/// Lifecycle: construct -> start() -> take(), ack()... -> close() -> destroy.
class RedisStreamReader {
 public:
  RedisStreamReader(const RedisAddress& address, RedisClient& commands, RedisReaderOptions options);
  ~RedisStreamReader() = default;
  RedisStreamReader(const RedisStreamReader&) = delete;
  RedisStreamReader& operator=(const RedisStreamReader&) = delete;

  void start();

  /// The next entry; nothing while there is none, and after close().
  std::optional<RedisEntry> take();

  /// Done with. Ids that are not held do no harm.
  void ack(const RedisEntryId& id);

  /// Another member has it by now. Not for what is acked.
  [[nodiscard]] bool is_lost(const RedisEntryId& id) const noexcept {
    return !holdings_.holds(id) || (options_.ordered && !lease_.is_held());
  }

  /// Given true once the group is there, false where close() came first. Any thread.
  [[nodiscard]] const std::shared_ptr<Handover<bool>>& opened() const noexcept { return opened_; }

  /// Why nothing comes now, one line; empty: all is well. Any thread.
  [[nodiscard]] std::string trouble() const;

  [[nodiscard]] Core& core() const noexcept { return commands_.core(); }
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }

  /// Completes when acks are told and the rest is handed back, as far as Redis answers.
  Awaitable<void> close();

 private:
  Awaitable<void> read_loop();
  Task<void> read_step();
  Task<void> create_group();
  Task<void> read_new();
  Task<void> read_own();
  Task<void> claim();
  Task<void> number_attempts(RedisBatch& batch);
  Awaitable<void> recover_from(Error error);
  void accept(RedisBatch& batch);
  void adapt_step(const RedisBatch& batch);

  Awaitable<void> upkeep_loop();
  Awaitable<void> renew_lease();
  Task<void> keep_held();
  Task<void> settle_missing(std::span<const RedisEntryId> missing);
  Awaitable<void> tell_acks();
  Awaitable<void> say_goodbye();
  void give_opened(bool value);
  void set_trouble(const std::string& why);

  [[nodiscard]] bool may_read() const noexcept;

  RedisClient& commands_;
  RedisClient blocking_;
  const RedisReaderOptions options_;
  const RedisGroup redis_;
  const std::size_t batch_;
  std::size_t step_;  // How many are asked for at once: batch_, fewer where they are large.
  const std::chrono::milliseconds block_;
  RedisLease lease_;
  RedisHoldings holdings_;
  RingQueue<RedisEntry> ready_;
  TaskGroup group_;
  WaitQueue room_;    // The reading loop, while enough is ready, or the lease is another's.
  WaitQueue upkeep_;  // Between two rounds of upkeep.
  std::shared_ptr<Handover<bool>> opened_ = std::make_shared<Handover<bool>>();
  std::string_view create_from_ = "$";
  RedisEntryId own_cursor_;
  RedisEntryId claim_cursor_;
  Deadline next_sweep_{};  // For members that are dead.
  bool created_ = false;
  bool opened_given_ = false;
  bool own_due_ = false;    // What was read and did not arrive is to be read again.
  bool claim_due_ = false;  // What others let lie is to be looked for.
  bool claim_all_ = false;  // And what they hold, because this one alone reads now.
  bool had_lease_ = false;
  std::uint64_t term_ = 0;  // Of the lease, when it was last looked at.
  bool telling_ = false;
  bool closing_ = false;
  bool gone_ = false;
  mutable std::mutex mutex_;
  std::string trouble_;  // Guarded by mutex_.
};

}  // namespace sluice
