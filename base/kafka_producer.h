#pragma once

#include "base/core_pool.h"
#include "base/deadline_wheel.h"
#include "base/kafka_link.h"
#include "base/kafka_route.h"
#include "base/kafka_wake.h"
#include "base/task.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The one producer of a core and its settings: acks=all, idempotent. What the brokers are slow to
/// acknowledge holds back what follows it in its topic (base/kafka_pace.h). Opened when first used;
/// waits on its core only while somebody waits for it, so that what keeps one need not close it. A
/// librdkafka client that has failed for good is replaced, unseen but for what was not
/// acknowledged.
///
/// Used on its core; destroyed there or when that has stopped.
class KafkaProducer final : private Expiring {
 public:
  /// The producer of `core` and `settings`, shared by all who ask for it. Any thread.
  /// Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<std::shared_ptr<KafkaProducer>> of(Core& core,
                                                                 const KafkaSettings& settings);

  /// Whether of() would take the settings. Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<void> check(const KafkaSettings& settings);

  ~KafkaProducer();

  /// Completes when all in-sync replicas have the record. `record` is spent.
  /// Errors: resource_exhausted (the queue is full: 64 MiB or 100,000 records, if not set
  /// otherwise, and as much again that is held back); unavailable (the brokers are gone, or have
  /// not taken it within message.timeout.ms, 5 s if not set otherwise); invalid_argument (too
  /// large); deadline_exceeded.
  Task<KafkaPosition> produce(KafkaOutgoing& record, Deadline deadline);

  /// The same for several of one topic, handed over together and in their order. Where the queue
  /// has no room for all, none is written; after any other error some may be. Answers their
  /// positions.
  Task<std::vector<KafkaPosition>> produce_all(std::vector<KafkaOutgoing>& records,
                                               Deadline deadline);

  /// One line; empty while the cluster can be reached. Any thread.
  [[nodiscard]] std::string trouble() const { return link_->trouble(); }

  /// The client of this moment, for tests.
  [[nodiscard]] const KafkaHandle& handle() const noexcept { return handle_; }

 private:
  struct Context;

  KafkaProducer(Core& core, const KafkaSettings& settings);

  [[nodiscard]] static Result<KafkaConf> conf(const KafkaSettings& settings);
  static void on_report(rd_kafka_t* client, const rd_kafka_message_t* record, void* opaque);
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* opaque);

  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<KafkaRoute*> route_to(std::string_view topic);
  using PendingPtr = boost::intrusive_ptr<KafkaPending>;
  [[nodiscard]] bool has_room(std::span<const KafkaOutgoing> records) const;
  [[nodiscard]] Result<PendingPtr> start(KafkaOutgoing& record);
  [[nodiscard]] Result<KafkaPosition> ended(KafkaPending& pending, const Result<void>& turn);
  void forget(KafkaPending& pending);
  Task<void> outlast(KafkaPending& pending, Deadline deadline);
  void listen();
  void serve();
  void abandon();
  void expire() override;

  Core& core_;
  const KafkaSettings settings_;
  KafkaWake wake_;
  std::shared_ptr<KafkaLink> link_;
  std::shared_ptr<Context> context_;
  std::shared_ptr<const EventFd> signal_;
  KafkaHandle handle_;
  KafkaPace::Bounds bounds_;
  KafkaHeld held_;
  std::map<std::string, KafkaRoute, std::less<>> routes_;  // As many as the manifests name.
  KafkaWaiting waiting_;
};

}  // namespace sluice
