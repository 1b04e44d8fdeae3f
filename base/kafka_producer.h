#pragma once

#include "base/core_pool.h"
#include "base/deadline_wheel.h"
#include "base/kafka_link.h"
#include "base/kafka_pace.h"
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
    bytes_ += name.size() + value.size();
  }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  friend class KafkaProducer;
  std::unique_ptr<rd_kafka_headers_t, FreeKafka> list_;
  std::size_t bytes_ = 0;
};

/// A record that is to be written. The views live until produce() has been awaited.
struct KafkaOutgoing {
  explicit KafkaOutgoing(std::size_t headers_room) : headers(headers_room) {}

  std::string_view topic;
  std::optional<std::string_view> key;  ///< None: any partition.
  std::optional<std::string_view> value;
  KafkaHeaders headers;
};

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

  /// One line; empty while the cluster can be reached. Any thread.
  [[nodiscard]] std::string trouble() const { return link_->trouble(); }

  /// The client of this moment, for tests.
  [[nodiscard]] const KafkaHandle& handle() const noexcept { return handle_; }

 private:
  struct Context;
  struct Pending;
  using PendingPtr = boost::intrusive_ptr<Pending>;
  struct Route;

  KafkaProducer(Core& core, const KafkaSettings& settings);

  [[nodiscard]] static Result<KafkaConf> conf(const KafkaSettings& settings);
  static void on_report(rd_kafka_t* client, const rd_kafka_message_t* record, void* opaque);
  static void on_error(rd_kafka_t* client, int code, const char* reason, void* opaque);

  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<Route*> route_to(std::string_view topic);
  Task<KafkaPace::Round> wait_for_turn(const KafkaOutgoing& record, Route& route,
                                       Deadline deadline);
  [[nodiscard]] Result<PendingPtr> hand_over(KafkaOutgoing& record, Route& route,
                                             KafkaPace::Round round);
  [[nodiscard]] bool is_awaited() const noexcept;
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
  std::map<std::string, Route, std::less<>> routes_;  // As many as the manifests name.
  KafkaPace::Bounds bounds_;

  struct Waiting;
  std::unique_ptr<Waiting> waiting_;

  /// What waits for its turn, and how much may.
  struct Held {
    std::size_t records = 0;
    std::size_t bytes = 0;
    std::size_t most_records = 0;
    std::size_t most_bytes = 0;
  };
  Held held_;
};

}  // namespace sluice
