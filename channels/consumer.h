#pragma once

#include "base/core_pool.h"
#include "base/task.h"
#include "event/event.h"
#include "filter/filter.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

/// One hand-out of one event to one consumer, with the duty to settle it (AMQP's word). Destroyed
/// unsettled, it counts as not delivered and the channel hands the event out again: "crashed in
/// the middle" and "forgot to ack" are one and the same safe case.
class Delivery {
 public:
  virtual ~Delivery() = default;

  [[nodiscard]] virtual const EventPtr& event() const noexcept = 0;

  /// 1 on the first hand-out, then 2, 3, ... (a lower bound on Kafka after a rebalance).
  [[nodiscard]] virtual std::uint32_t attempt() const noexcept = 0;

  /// Done with: delivered, dead-lettered or dropped. Idempotent. The channel tells its backend in
  /// its own time, many at once; a crash before that means "again", never "lost".
  virtual void ack() noexcept = 0;

  /// Another process has the event to deliver by now: a rebalance took it away. Whoever holds this
  /// lets it go without another attempt.
  [[nodiscard]] virtual bool is_lost() const noexcept { return false; }
};

using DeliveryPtr = std::unique_ptr<Delivery>;

/// Who reads a consumer.
class ConsumerListener {
 public:
  /// There may be something to take. Called on the consumer's core.
  virtual void on_ready() = 0;

 protected:
  ~ConsumerListener() = default;
};

/// One named read position, used on one core. Destroying it releases the position for the next
/// opener; it does not delete it.
///
/// Read without waiting: take() until it finds nothing, then wait for on_ready(). So a consumer for
/// which nothing comes holds no coroutine.
class Consumer {
 public:
  virtual ~Consumer() = default;

  /// The next event that passes the consumer's filter, in append order. Null while there is none,
  /// while the backend is away, and once the channel is closed.
  virtual DeliveryPtr take() = 0;

  /// After each take() that found nothing, `listener` is told once when it may find something.
  /// Set before the first take(); the listener outlives the consumer.
  virtual void listen(ConsumerListener& listener) = 0;

  /// How many events the filter kept from this consumer so far.
  [[nodiscard]] virtual std::uint64_t filtered() const noexcept = 0;
};

/// A consumer of what others have written, in no channel of ours: what a KafkaSource or a
/// RedisStreamSource reads.
class Reader : public Consumer {
 public:
  /// Why nothing comes now, one line; empty: all is well. Any thread.
  [[nodiscard]] virtual std::string trouble() const = 0;

  /// Hands out nothing more; completes when what was acked is told to the backend. Never fails.
  virtual Awaitable<void> close() = 0;
};

/// What a consumer asks for. The filter stands here, not behind take(), so that a channel can
/// index the filters of all its consumers: an event costs what it matches, not what it doesn't.
struct ConsumerOptions {
  std::string name;
  FilterPtr filter;      ///< Null: every event.
  Core* core = nullptr;  ///< Where take() is called.
  /// One process at a time reads this position, and in order: a backend that hands events of one
  /// partition key to several processes must not do so here.
  bool ordered = false;
  std::size_t read_ahead = 64;  ///< How many events its reader can carry at once; a hint.
};

}  // namespace sluice
