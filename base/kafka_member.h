#pragma once

#include "base/core_pool.h"
#include "base/handover.h"
#include "base/kafka_link.h"
#include "base/kafka_wake.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice {

/// What threads beside the cores have to say to a member: functions that run on its core, if it
/// is still there to hear them. Thread safe.
class KafkaInbox {
 public:
  explicit KafkaInbox(std::shared_ptr<const EventFd> signal) : signal_(std::move(signal)) {}

  void post(std::function<void()> news);
  [[nodiscard]] std::vector<std::function<void()>> take();

 private:
  const std::shared_ptr<const EventFd> signal_;
  std::mutex mutex_;  // Guards what follows.
  std::vector<std::function<void()>> news_;
};

/// What happens to a member of a group, told on its core.
class KafkaMemberListener {
 public:
  /// Something came: poll().
  virtual void on_woken() = 0;
  /// The group gave it these partitions. To be answered with assign(), at once or later.
  virtual void on_assigned(KafkaList partitions) = 0;
  /// The group takes all of them back; `lost`: others have them already. Answered with unassign().
  virtual void on_revoked(bool lost) = 0;
  /// commit() has ended.
  virtual void on_committed(rd_kafka_resp_err_t error,
                            const rd_kafka_topic_partition_list_t* offsets) = 0;

 protected:
  ~KafkaMemberListener() = default;
};

/// One member of a consumer group, driven from one core: librdkafka's events wake the core, and its
/// callbacks run there, inside poll(). Assignors range and round robin. Nothing here blocks but for
/// a word with librdkafka's own thread.
///
/// Lifecycle: open() on any thread -> listen(), subscribe(), poll()... on the core -> leave().
class KafkaMember {
 public:
  /// `listener` outlives the member. Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<std::unique_ptr<KafkaMember>> open(Core& core,
                                                                 const KafkaSettings& settings,
                                                                 const std::string& group,
                                                                 KafkaMemberListener& listener);

  /// Whether open() would take the settings. Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<void> check(const KafkaSettings& settings);

  /// Without leave(), as if the process had died: the group learns it when the session times out.
  ~KafkaMember();

  /// From now on the listener is woken.
  void listen();

  [[nodiscard]] Result<void> subscribe(const std::vector<std::string>& topics);

  /// The next record, or an error of a partition; null while there is none.
  [[nodiscard]] KafkaRaw poll();

  void assign(const rd_kafka_topic_partition_list_t& partitions);
  void unassign();
  void pause(const rd_kafka_topic_partition_list_t& partitions);
  void resume(const rd_kafka_topic_partition_list_t& partitions);

  /// One at a time. False: it cannot be sent now.
  [[nodiscard]] bool commit(const rd_kafka_topic_partition_list_t& offsets);

  /// Commits `offsets` (may be null), leaves the group and destroys the client, on a thread beside
  /// the cores; answers true when that is done. No wait is left on the core, nothing is told any
  /// more. To be called once.
  [[nodiscard]] std::shared_ptr<Handover<bool>> leave(KafkaList offsets);

  [[nodiscard]] const KafkaHandle& handle() const noexcept { return handle_; }
  [[nodiscard]] const std::shared_ptr<KafkaInbox>& inbox() const noexcept { return inbox_; }
  [[nodiscard]] const std::shared_ptr<KafkaLink>& link() const noexcept { return link_; }
  [[nodiscard]] Core& core() const noexcept { return core_; }

 private:
  struct Context;

  KafkaMember(Core& core, const KafkaSettings& settings, KafkaMemberListener& listener);
  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t what,
                           rd_kafka_topic_partition_list_t* partitions, void* opaque);
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* opaque);
  static void on_commit(rd_kafka_t* client, rd_kafka_resp_err_t error,
                        rd_kafka_topic_partition_list_t* offsets, void* opaque);
  void wake();
  void fall_silent();

  Core& core_;
  KafkaMemberListener& listener_;
  KafkaWake wake_;
  std::shared_ptr<KafkaInbox> inbox_;
  std::shared_ptr<KafkaLink> link_;
  std::shared_ptr<Context> context_;
  KafkaHandle handle_;
};

}  // namespace sluice
