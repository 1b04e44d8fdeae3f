#pragma once

#include "base/core_pool.h"
#include "base/deadline_wheel.h"
#include "base/kafka_link.h"
#include "base/kafka_wake.h"
#include "base/task.h"

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// Where a record stands.
struct KafkaPosition {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

/// The headers of a record that is to be written, copied as they are added.
class KafkaHeaders {
 public:
  explicit KafkaHeaders(std::size_t room) : list_(rd_kafka_headers_new(room)) {}

  void add(std::string_view name, std::string_view value) {
    rd_kafka_header_add(list_.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }

 private:
  friend class KafkaProducer;
  std::unique_ptr<rd_kafka_headers_t, FreeKafka> list_;
};

/// A record that is to be written. The views live until produce() has been awaited.
struct KafkaOutgoing {
  explicit KafkaOutgoing(std::size_t headers_room) : headers(headers_room) {}

  std::string_view topic;
  std::optional<std::string_view> key;  ///< None: any partition.
  std::optional<std::string_view> value;
  KafkaHeaders headers;
};

/// The one producer of a core and its settings: acks=all, idempotent. Opened when first used; waits
/// on its core only while somebody waits for it, so that what keeps one need not close it. A
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
  /// otherwise); unavailable (the brokers are gone, or have not taken it within message.timeout.ms,
  /// 5 s if not set otherwise); invalid_argument (too large); deadline_exceeded.
  Task<KafkaPosition> produce(KafkaOutgoing& record, Deadline deadline);

  /// One line; empty while the cluster can be reached. Any thread.
  [[nodiscard]] std::string trouble() const { return link_->trouble(); }

  /// The client of this moment, for tests.
  [[nodiscard]] const KafkaHandle& handle() const noexcept { return handle_; }

 private:
  struct Context;
  struct Pending;
  using PendingPtr = boost::intrusive_ptr<Pending>;
  using Topic = std::unique_ptr<rd_kafka_topic_t, FreeKafka>;

  KafkaProducer(Core& core, const KafkaSettings& settings);

  [[nodiscard]] static Result<KafkaConf> conf(const KafkaSettings& settings);
  static void on_report(rd_kafka_t* client, const rd_kafka_message_t* record, void* opaque);
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* opaque);

  [[nodiscard]] Result<void> open();
  [[nodiscard]] rd_kafka_topic_t* topic(std::string_view name);
  [[nodiscard]] Result<PendingPtr> hand_over(KafkaOutgoing& record);
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
  std::map<std::string, Topic, std::less<>> topics_;  // As many as the manifests name.

  struct Waiting;
  std::unique_ptr<Waiting> waiting_;
};

}  // namespace sluice
