#pragma once

#include "base/redis_address.h"
#include "base/redis_connection.h"
#include "base/resolver.h"
#include "base/task_group.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A Redis server as one core sees it: commands, each answered in its turn, over one connection
/// that comes back by itself. RESP2. A server that owes an answer and is silent for kSilence counts
/// as lost, and one that says READONLY is left, at most every 5 s, for what the name leads to by
/// then. Not thread safe, but for trouble(): used on its core.
///
/// Lifecycle: construct -> start() -> command()... -> close() -> destroy.
class RedisClient final : private RedisConnection::Owner {
 public:
  enum class Kind : std::uint8_t {
    standing,   ///< Connects at start() and, from then on, again and again until close().
    on_demand,  ///< Connects when there is a command. Idle, it holds nothing on its core, which can
                ///< end; start() and close() may be left out.
  };

  static constexpr std::chrono::seconds kSilence{5};

  RedisClient(Core& core, RedisAddress address, Kind kind);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  void start();

  /// Sends `words`, which live until this completes, and awaits the answer. Commands called one
  /// after the other are carried out in that order, if they are. Fails at once while the server is
  /// known to be away. After a failure but an error reply, whether the server did it is unknown.
  /// Errors: unavailable, deadline_exceeded, cancelled (closed), and those of redis_error().
  Task<RedisReply> command(std::span<const std::string_view> words, Deadline deadline);

  /// Waits until there is a connection; false where the client was closed, or `deadline` passed.
  Awaitable<bool> connected(Deadline deadline = kNever);

  /// Gives the connection up, as if it had been lost.
  void drop(const std::string& why);

  /// Ends everything that waits here, with `cancelled`; completes when nothing runs any more.
  Awaitable<void> close();

  /// Bytes of commands that the connection has not taken yet. Whoever sends much looks at it first:
  /// what waits here longer than its deadline is carried out, and nobody hears of it.
  [[nodiscard]] std::size_t unsent() const noexcept {
    return connection_ ? connection_->unsent() : 0;
  }
  static constexpr std::size_t kMostUnsent = 8 * 1024 * 1024;

  /// Why commands fail now, one line; empty: all is well. Any thread.
  [[nodiscard]] std::string trouble() const;

  [[nodiscard]] Core& core() const noexcept { return core_; }

 private:
  enum class State : std::uint8_t { starting, up, down, closed };

  /// A command in flight. Reused; its waiter may have given up.
  struct Slot {
    WaitQueue answered;
    RedisReply reply;
    bool done = false;
    bool abandoned = false;
  };

  /// Fires when the server has owed an answer, and sent nothing, for kSilence.
  class Watch final : public Expiring {
   public:
    explicit Watch(RedisClient& client) : client_(client) {}
    ~Watch() { DeadlineWheel::cancel(*this); }
    void expire() override { client_.on_watch(); }

   private:
    RedisClient& client_;
  };

  void on_connected() override;
  void on_reply(void* whose, RedisReply reply) override;
  void on_lost(const std::string& why) override;
  void on_watch();

  Awaitable<void> keep_connected();
  Task<void> make_ready(Deadline deadline);
  Task<void> connect();
  Task<void> connect_to(const boost::asio::ip::address& address, Deadline deadline);
  Task<void> greet(Deadline deadline);
  Task<Addresses> addresses(Deadline deadline);
  Task<RedisReply> request(std::span<const std::string_view> words, Deadline deadline);
  void look_for_the_master();
  void enter(State state, const std::string& trouble);
  [[nodiscard]] Error not_connected() const;
  [[nodiscard]] Slot* take_slot();

  Core& core_;
  const RedisAddress address_;
  const Kind kind_;
  Resolver resolver_;
  TaskGroup group_;
  State state_ = State::starting;
  WaitQueue changed_;  // Of state_, or of what connect_to() waits for.
  WaitQueue pause_;    // Between two tries.
  std::shared_ptr<RedisConnection> connection_;
  bool open_ = false;  // connection_ is connected.
  std::vector<std::unique_ptr<Slot>> spare_;
  std::size_t in_flight_ = 0;
  std::uint64_t progress_seen_ = 0;  // By watch_, of connection_.
  Watch watch_{*this};
  bool connecting_ = false;  // On demand.
  std::chrono::milliseconds backoff_;
  Deadline retry_at_{};  // On demand: no try before.
  Deadline look_again_at_{};
  mutable std::mutex mutex_;
  std::string trouble_;  // Guarded by mutex_.
};

}  // namespace sluice
