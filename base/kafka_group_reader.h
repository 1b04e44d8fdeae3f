#pragma once

#include "base/deadline_wheel.h"
#include "base/kafka_member.h"
#include "base/kafka_partition.h"
#include "base/kafka_positions.h"
#include "base/task.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct KafkaReaderOptions {
  KafkaSettings settings;
  KafkaGroupName name;
};

/// Reads topics as one member of a consumer group; each record is settled or given back. What is
/// committed is the highest offset before which everything is settled: each 100 ms while there is
/// something, when partitions are taken away, and at the end.
///
/// When the group takes partitions away, records that are out have 3 s to be settled; those that
/// are not are lost, and another member gets them. A reader that is not asked for a second pauses,
/// and keeps its place in the group. At most 100,000 offsets lie between the first that is not
/// settled and the last that was handed out.
///
/// Lives on one core. Lifecycle: open() on any thread -> listen() -> take()... -> close(). Dropped
/// without close(), it is as if the process had died.
class KafkaGroupReader final : public std::enable_shared_from_this<KafkaGroupReader>,
                               private KafkaMemberListener,
                               private Expiring {
 public:
  /// Waits for no broker. Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<std::shared_ptr<KafkaGroupReader>> open(Core& core,
                                                                      KafkaReaderOptions options);
  ~KafkaGroupReader();

  /// After each take() that found nothing, `on_ready` is called once when it may find something.
  /// Null: nobody is told any more.
  void listen(std::function<void()> on_ready) { on_ready_ = std::move(on_ready); }

  /// The next record; given back ones first.
  [[nodiscard]] std::optional<KafkaRecord> take();

  /// As if the last take() had found nothing: on_ready is called when the core had its turn.
  void yield() { wake(); }

  void settle(const KafkaTicket& ticket);

  /// Hands the record out again, one attempt later, with `kept` in place of its bytes.
  void give_back(KafkaTicket ticket, std::shared_ptr<const void> kept);

  /// Completes when the group has a committed offset on every partition there is, so that what is
  /// written from now on reaches it. Any core. Errors: unavailable.
  Task<void> wait_positioned(Core& core, Deadline deadline);
  [[nodiscard]] bool is_positioned() const noexcept { return state_->is_positioned; }

  /// Of the partitions assigned here; before the first assignment, of all. Any thread.
  [[nodiscard]] std::vector<KafkaBacklog> backlog() const;

  /// Why nothing comes, one line; empty: all is well. Any thread.
  [[nodiscard]] std::string trouble() const;

  /// Hands out nothing more; completes when what was settled is committed and the group was left,
  /// or after 5 s. Never fails.
  Awaitable<void> close();
  /// The same, without waiting for it.
  void start_close();

  [[nodiscard]] Core& core() const noexcept { return core_; }

 private:
  using Partitions = std::vector<std::shared_ptr<KafkaPartition>>;
  enum class Phase { away, starting, reading, revoking, closed };

  /// What threads beside the core see; outlives the reader with them.
  struct State {
    std::atomic<bool> is_closed{false};
    std::atomic<bool> is_positioned{false};
    std::atomic<std::uint64_t> epoch{0};  // Of the assignment.
    Handover<bool> positioned;
    mutable std::mutex mutex;  // Guards what follows.
    KafkaHandle client;
    std::string trouble = "has not joined its group yet";
    std::vector<KafkaBacklog> first;  // Until the first assignment.
    Partitions partitions;
  };

  KafkaGroupReader(Core& core, KafkaReaderOptions options);

  void on_woken() override;
  void on_assigned(KafkaList partitions) override;
  void on_revoked(bool lost) override;
  void on_committed(rd_kafka_resp_err_t error,
                    const rd_kafka_topic_partition_list_t* offsets) override;
  void expire() override;

  void start();
  static void prepare(const std::shared_ptr<State>& state, const KafkaReaderOptions& options,
                      const std::shared_ptr<KafkaInbox>& inbox,
                      const std::weak_ptr<KafkaGroupReader>& reader);
  void find_starts(KafkaList partitions);
  void begin(std::uint64_t epoch, const rd_kafka_topic_partition_list_t& starts);
  void finish_revoking();
  void unassign();
  void discard();
  void reposition(const KafkaTicket& from);
  void set_partitions(Partitions partitions);
  void set_trouble(std::string trouble);

  [[nodiscard]] std::optional<KafkaRecord> poll();
  [[nodiscard]] std::optional<KafkaRecord> accept(KafkaRaw raw);
  void look();
  void wake();
  void schedule(std::chrono::milliseconds in);
  [[nodiscard]] bool has_to_commit() const noexcept;
  [[nodiscard]] KafkaList to_commit() const;
  void commit();
  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] KafkaList assignment() const;

  Core& core_;
  const KafkaReaderOptions options_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  std::unique_ptr<KafkaMember> member_;
  std::function<void()> on_ready_;
  Phase phase_ = Phase::away;
  Partitions partitions_;
  std::deque<KafkaRecord> ready_;  // Given back, or read while nobody asked.
  std::shared_ptr<Handover<bool>> left_;
  Deadline last_take_{};
  Deadline last_poll_{};
  Deadline last_commit_{};
  Deadline revoke_until_{};
  Deadline close_until_{};
  bool wake_wanted_ = false;
  bool said_late_ = false;
  bool is_paused_ = false;
  bool is_committing_ = false;
  bool is_in_trouble_ = true;
  bool is_soon_ = false;  // Whether expire() comes within kCommitEvery.
};

}  // namespace sluice
