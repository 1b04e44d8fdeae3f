#pragma once

#include "base/metrics.h"
#include "base/ring_queue.h"
#include "base/task_group.h"
#include "broker/broker_spec.h"
#include "broker/drop_log.h"
#include "broker/key_queues.h"
#include "channels/channel.h"
#include "sinks/sink.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// What became of a subscription's events. Written by its dispatcher, read by anybody.
struct DispatchCounters {
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> retried{0};  ///< Each retry.
  std::atomic<std::uint64_t> dead_lettered{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> ignored_replies{0};  ///< 2xx with a body that is no event.
  Histogram attempt_seconds;                      ///< Per attempt at the subscriber.
};

/// Where a dispatcher sends: the spec's destinations, made.
struct DispatchTargets {
  SinkPtr subscriber;
  SinkPtr reply;        ///< May be null: replies are dropped.
  SinkPtr dead_letter;  ///< May be null: what cannot be delivered is dropped.
};

/// Carries the events of one consumer to one subscriber: takes a delivery, tries the subscriber
/// within the policy, passes its reply on, dead-letters what failed, settles. At most
/// `max_in_flight` attempts are open; a retry that waits holds none, and at most 16 times as many
/// events wait so. `ordered` allows one event per partition key at a time.
///
/// Lives on one core. Lifecycle: construct -> start() -> halt() -> stop() -> destroy.
class Dispatcher final : private ConsumerListener {
 public:
  Dispatcher(Core& core, const DispatchSpec& spec, DispatchTargets targets,
             std::unique_ptr<Consumer> consumer);
  ~Dispatcher() = default;
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void start();

  /// From now on a retry that is due after `deadline` counts as given up, though not settled: it
  /// takes no room from what can still be delivered.
  void drain_until(Deadline deadline);

  /// Takes nothing more, and tries nothing again: for a channel that keeps what is not settled. The
  /// attempts that are open end as they do.
  void leave_the_rest() noexcept { leaving_ = true; }

  /// Takes, retries and gives up nothing more. What is not settled goes back to the channel.
  void halt();

  /// Completes when no attempt is open. halt() was called, the channel is closed, and open attempts
  /// end by their deadline.
  Awaitable<void> stop();

  /// Nothing is open, and nothing will be before `deadline`: all that is left waits for retries
  /// that are due later.
  [[nodiscard]] bool is_idle_until(Deadline deadline) const noexcept;

  /// An attempt is open.
  [[nodiscard]] bool is_busy() const noexcept { return open_ > 0; }

  [[nodiscard]] const std::string& ns() const noexcept { return ns_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& subscriber_url() const noexcept {
    return targets_.subscriber->url();
  }
  [[nodiscard]] const DispatchCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::uint64_t filtered() const noexcept { return consumer_->filtered(); }
  [[nodiscard]] Core& core() const noexcept { return coroutines_.core(); }

 private:
  enum class Stage : std::uint8_t { subscriber, reply, dead_letter };

  /// One event on its way: which target is next, and how often that was tried.
  struct Outstanding {
    DeliveryPtr delivery;
    EventPtr outgoing;  // The reply or the dead letter; null at the subscriber's stage.
    int tries = 0;
    Stage stage = Stage::subscriber;
  };
  struct Waiting {
    Deadline due;
    Outstanding item;
  };
  using Keys = KeyQueues<Outstanding>;

  void on_ready() override { pump(); }
  void pump();
  [[nodiscard]] bool next(Outstanding& item);
  Awaitable<void> carry(Outstanding item);
  Awaitable<Attempt> attempt(const Outstanding& item);
  Awaitable<void> retry_when_due();

  [[nodiscard]] bool proceed(Outstanding& item, Attempt& result);
  [[nodiscard]] bool advance(Outstanding& item, Attempt& result);
  [[nodiscard]] bool succeed(Outstanding& item, Attempt& result);
  [[nodiscard]] bool give_up(Outstanding& item, const Attempt& result);
  [[nodiscard]] bool settle(Outstanding& item);
  [[nodiscard]] bool take_next_of_key(const Event& event, Outstanding& item);
  [[nodiscard]] bool let_go(Outstanding& item);
  void park(Outstanding item, Deadline due);
  void abandon_key(const Outstanding& item);
  void ignore_reply_body();

  [[nodiscard]] Sink& target(Stage stage) const noexcept;
  [[nodiscard]] bool holds_its_fill() const noexcept;

  const std::string ns_;
  const std::string name_;
  const DeliveryPolicy policy_;
  const std::size_t max_in_flight_;
  const DispatchTargets targets_;
  std::unique_ptr<Consumer> consumer_;
  DispatchCounters counters_;
  TaskGroup coroutines_;

  std::size_t open_ = 0;           // Slots taken.
  WaitQueue idle_;                 // Carriers without a slot.
  RingQueue<Outstanding> handed_;  // For carriers that were woken, each with its slot.
  std::vector<Waiting> retries_;   // A heap, the earliest first.
  RingQueue<Outstanding> due_;     // Retries whose wait is over; served before what is new.
  std::size_t waiting_ = 0;        // Of both, those that are due before the drain's end.
  std::unique_ptr<Keys> keys_;     // Ordered mode only.
  WaitQueue retry_added_;
  Deadline drain_deadline_ = kNever;
  DropLog drops_;
  bool retry_loop_runs_ = false;
  bool ignored_reported_ = false;
  bool leaving_ = false;
  bool stopping_ = false;
};

// There may be ten thousand, most of them idle.
static_assert(sizeof(Dispatcher) <= 512);

}  // namespace sluice
