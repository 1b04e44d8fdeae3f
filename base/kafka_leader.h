#pragma once

#include "base/deadline_wheel.h"
#include "base/kafka_member.h"
#include "base/task.h"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace sluice {

/// Of the processes that share a topic, one acts on each occasion. They are the members of a
/// consumer group of their own, which reads nothing: who is given partition 0 may claim. A claim is
/// noted beside that partition's committed offset before it is answered, and the group takes the
/// commit of its present members only. So no occasion is claimed twice, neither at a takeover nor
/// by a process that has been cut off; and one can be missed, where the process that led has died
/// and its session has not timed out yet.
///
/// Lives on one core. Lifecycle: open() on any thread -> claim()... -> close().
class KafkaLeader final : public std::enable_shared_from_this<KafkaLeader>,
                          private KafkaMemberListener,
                          private Expiring {
 public:
  /// The topic has to be there. Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<std::shared_ptr<KafkaLeader>> open(Core& core,
                                                                 const KafkaSettings& settings,
                                                                 const std::string& group,
                                                                 const std::string& topic);
  ~KafkaLeader();

  /// Whether this process is to act on `occasion`, a text that names it among all. Waits until the
  /// group has given its partitions. Any core; `core` is the caller's.
  /// Errors: unavailable, deadline_exceeded, cancelled.
  Task<bool> claim(Core& core, std::string occasion, Deadline deadline);

  /// Completes when the group was left, or after 5 s. Never fails.
  Awaitable<void> close();

  [[nodiscard]] Core& core() const noexcept { return core_; }

 private:
  /// What other cores and threads see.
  struct State {
    std::atomic<bool> leads{false};
    std::atomic<std::uint64_t> epoch{1};  // Of the assignment.
    std::mutex mutex;  // Guards what follows; held while a claim is noted: never on a core.
    std::uint64_t read_in = 0;
    std::deque<std::uint64_t> claimed;
  };
  /// Given when the group has given its partitions; another one from then on, when it takes them.
  using Given = std::shared_ptr<Handover<bool>>;

  KafkaLeader(Core& core, std::string topic) : core_(core), topic_(std::move(topic)) {}

  void on_woken() override { poll(); }
  void on_assigned(KafkaList partitions) override;
  void on_revoked(bool lost) override;
  void on_committed(rd_kafka_resp_err_t, const rd_kafka_topic_partition_list_t*) override {}
  void expire() override;
  void start();
  void poll();
  [[nodiscard]] Given given() const;
  [[nodiscard]] static Result<bool> note(rd_kafka_t& client, State& state, const std::string& topic,
                                         std::uint64_t occasion);

  Core& core_;
  const std::string topic_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::unique_ptr<KafkaMember> member_;
  std::atomic<bool> is_closed_{false};
  mutable std::mutex mutex_;  // Guards what follows.
  Given given_ = std::make_shared<Handover<bool>>();
  bool is_given_ = false;
  KafkaHandle client_;
};

}  // namespace sluice
