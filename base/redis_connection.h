#pragma once

#include "base/core_pool.h"
#include "base/redis_reply.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct redisAsyncContext;

namespace sluice {

/// One TCP connection to a Redis server: hiredis' async API on a core's loop. What is sent while
/// answers are awaited gathers, and goes out in one write with the last of them, or when it has
/// come to 16 KiB: alone, a command costs no wait; beside others, a part of a system call. Not
/// thread safe: used on its core.
///
/// Lifecycle: open() -> on_connected() -> send()... -> close() or on_lost() -> released. Dead, it
/// calls nobody.
class RedisConnection final : public std::enable_shared_from_this<RedisConnection> {
 public:
  /// Whose connection it is. Called on the core; must not close it from inside these calls.
  class Owner {
   public:
    virtual void on_connected() = 0;
    /// `whose` is what send() was given; an empty reply: the connection was lost.
    virtual void on_reply(void* whose, RedisReply reply) = 0;
    /// After every command that was in flight has had its empty reply.
    virtual void on_lost(const std::string& why) = 0;

   protected:
    ~Owner() = default;
  };

  /// Whether the loss of a connection on which nothing is in flight is noticed at once. One that
  /// is not watched then keeps no wait on its core, which can end with the connection open.
  enum class WhenIdle : std::uint8_t { watched, unwatched };

  /// Begins to connect. The owner outlives the connection, or closes it.
  /// Errors: unavailable.
  [[nodiscard]] static Result<std::shared_ptr<RedisConnection>> open(
      Core& core, const boost::asio::ip::address& address, std::uint16_t port, WhenIdle idle,
      Owner& owner);

  RedisConnection(Core& core, WhenIdle idle, Owner& owner);
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  /// Writes the command `words`, which are copied; false where the connection is dead.
  bool send(std::span<const std::string_view> words, void* whose);

  /// Commands in flight have their empty reply inside this call; the owner is told nothing else.
  void close();

  /// Bytes that the socket has not taken yet.
  [[nodiscard]] std::size_t unsent() const noexcept;

  /// Grows whenever the peer has shown that it lives: something came, or it took what waited for
  /// room. Part of an answer counts, for a large one may take its time.
  [[nodiscard]] std::uint64_t progress() const noexcept { return progress_; }

  /// Whether the peer has closed a connection on which nothing is in flight.
  [[nodiscard]] bool is_stale() const noexcept;

 private:
  struct Callbacks;  // What hiredis calls.
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  Result<void> attach(redisAsyncContext* context);
  void wait_to_read();
  void wait_to_write();
  void flush_soon();
  void write_now();
  void on_cleanup();

  Core& core_;
  Owner& owner_;
  const WhenIdle idle_;
  Descriptor descriptor_;
  redisAsyncContext* context_ = nullptr;  // Null once hiredis has let it go.
  std::size_t in_flight_ = 0;
  std::size_t awaited_ = 0;  // Of these, what has been written and has no answer yet.
  std::uint64_t progress_ = 0;
  bool connected_ = false;
  bool closing_ = false;
  bool read_wanted_ = false;
  bool reading_ = false;  // A wait is open.
  bool write_wanted_ = false;
  bool writing_ = false;  // A wait is open, or a flush posted.
};

}  // namespace sluice
