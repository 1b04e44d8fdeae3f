#pragma once

#include "base/task.h"
#include "channels/channel_spec.h"
#include "channels/consumer.h"
#include "event/event.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One occasion for which one of several processes is to act.
struct Claim {
  Claim(std::string who, std::string which, std::chrono::milliseconds how_long)
      : name(std::move(who)), occasion(std::move(which)), held(how_long) {}

  std::string name;                ///< Who acts, e.g. "pingsource/default/tick".
  std::string occasion;            ///< Which time, e.g. "2026-11-20T10:00:00Z".
  std::chrono::milliseconds held;  ///< How long the backend remembers it, where it has to.
};

/// How a channel is at this moment.
struct ChannelStatus {
  std::uint64_t depth = 0;  ///< Events accepted and not settled by every consumer, where the
                            ///< backend is shared: as far as this process knows.
  bool durable = false;     ///< What is not settled outlives this process.
  std::string trouble;      ///< Why it cannot work now, one line; empty: all is well.
};

/// Where events wait between ingress and dispatch.
///
/// Contract, checked for every registered kind by tests/channels/channel_contract_test.cc:
///   at least once - an appended event reaches every consumer opened before the append whose filter
///                   it passes, again and again until that consumer acks it;
///   bounded       - past its capacity append() fails with resource_exhausted, and append_all()
///                   with nothing appended;
///   independent   - a consumer that does not read delays no other;
///   thread safe   - append(), append_all(), open_consumer(), status() and claim() may be called
///                   from any core.
///
/// Lifecycle: make_channel() -> open_consumer()... append()... -> close() -> consumers destroyed
/// -> destroy.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Completes when the event is as durable as this kind makes it: memory - queued, Kafka -
  /// acknowledged by all in-sync replicas, Redis - XADD answered. Called on a core.
  /// Errors: resource_exhausted, unavailable, deadline_exceeded, cancelled.
  virtual Task<void> append(EventPtr event, Deadline deadline) = 0;

  /// append() of several, at least one, in their order: takes the room for all of them or for none,
  /// and completes when all are as durable as after append(). Where it fails for want of room,
  /// nothing is appended. In memory that is so whatever the error is. Where a backend fails in the
  /// middle, some of them may be there, and these are delivered at least once all the same: Redis
  /// adds 1,000 at a time, each thousand wholly or not; Kafka acknowledges each by itself.
  /// Errors: those of append().
  virtual Task<void> append_all(std::vector<EventPtr> events, Deadline deadline) = 0;

  /// Opens the position `name`, creating it at the end of the channel if it is new. Does not wait
  /// for a backend: append() does, until every position that was opened before it is there.
  /// Errors: invalid_argument when `name` is already open in this process; cancelled.
  virtual Result<std::unique_ptr<Consumer>> open_consumer(ConsumerOptions options) = 0;

  [[nodiscard]] virtual ChannelStatus status() const = 0;
  [[nodiscard]] std::uint64_t depth() const { return status().depth; }

  /// Of the processes that share this channel, one is answered true, so that what each of them
  /// would do at the same time is done once: a tick of a PingSource. Called on a core.
  /// Errors: unavailable, deadline_exceeded, cancelled.
  virtual Task<bool> claim(const Claim& what, Deadline deadline) = 0;

  /// Refuses new appends with `cancelled` and hands out nothing more; completes when what was
  /// acked is told to the backend. Never fails.
  virtual Awaitable<void> close() = 0;
};

/// Makes the channel that `spec` describes. The kinds are the lines of channels/channels.def; each
/// .cc documents its own fields on top.
/// Errors: invalid_argument (names the offending field), unavailable.
[[nodiscard]] Result<std::unique_ptr<Channel>> make_channel(const ChannelSpec& spec);

/// What append() of so many events answers where the room is wanting; `capacity` is of `unit`,
/// "events" or "bytes".
[[nodiscard]] Error no_room(std::size_t events, std::size_t capacity, std::string_view unit);

/// The kinds built in, for the contract suite and `sluice version`.
[[nodiscard]] std::vector<std::string_view> channel_kinds();

}  // namespace sluice
