#pragma once

#include "base/core_pool.h"
#include "base/task.h"
#include "channels/channel_spec.h"
#include "event/event.h"
#include "filter/filter.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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

/// What a consumer asks for. The filter stands here, not behind take(), so that a channel can
/// index the filters of all its consumers: an event costs what it matches, not what it doesn't.
struct ConsumerOptions {
  std::string name;
  FilterPtr filter;      ///< Null: every event.
  Core* core = nullptr;  ///< Where take() is called.
};

/// Where events wait between ingress and dispatch.
///
/// Contract, checked for every registered kind by tests/channels/channel_contract_test.cc:
///   at least once - an appended event reaches every consumer opened before the append whose filter
///                   it passes, again and again until that consumer acks it;
///   bounded       - past its capacity append() fails with resource_exhausted;
///   independent   - a consumer that does not read delays no other;
///   thread safe   - append(), open_consumer() and depth() may be called from any core.
///
/// Lifecycle: make_channel() -> open_consumer()... append()... -> close() -> consumers destroyed
/// -> destroy.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Completes when the event is as durable as this kind makes it: memory - queued.
  /// Errors: resource_exhausted, unavailable, deadline_exceeded, cancelled.
  virtual Task<void> append(EventPtr event, Deadline deadline) = 0;

  /// Opens the position `name`, creating it at the end of the channel if it is new.
  /// Errors: unavailable; invalid_argument when `name` is already open in this process.
  virtual Result<std::unique_ptr<Consumer>> open_consumer(ConsumerOptions options) = 0;

  /// Events accepted and not yet settled by every consumer.
  [[nodiscard]] virtual std::uint64_t depth() const noexcept = 0;

  /// Refuses new appends with `cancelled` and hands out nothing more; completes when what was
  /// acked is told to the backend. Never fails.
  virtual Awaitable<void> close() = 0;
};

/// Makes the channel that `spec` describes. The kinds are the lines of channels/channels.def; each
/// .cc documents its own fields on top.
/// Errors: invalid_argument (names the offending field), unavailable.
[[nodiscard]] Result<std::unique_ptr<Channel>> make_channel(const ChannelSpec& spec);

/// The kinds built in, for the contract suite and `sluice version`.
[[nodiscard]] std::vector<std::string_view> channel_kinds();

}  // namespace sluice
