#pragma once

#include "base/kafka_settings.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// The Kafka protocol's numbers for requests, for which errors are injected.
enum class KafkaRequest : std::int16_t {
  produce = 0,
  fetch = 1,
  list_offsets = 2,
  metadata = 3,
  offset_commit = 8,
  offset_fetch = 9,
  find_coordinator = 10,
  join_group = 11,
  heartbeat = 12,
  sync_group = 14,
};

/// A record as a foreign client writes and reads it.
struct KafkaTestRecord {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::map<std::string, std::string> headers;
  std::int32_t partition = -1;
};

/// A Kafka cluster for tests: librdkafka's mock cluster of this process, or, where the environment
/// names a real broker as SLUICE_TEST_KAFKA=host:port, that. Faults can be injected into the mock
/// alone: tests that do so ask is_real() first.
class KafkaTestCluster {
 public:
  virtual ~KafkaTestCluster() = default;

  [[nodiscard]] virtual bool is_real() const noexcept = 0;
  [[nodiscard]] virtual std::string servers() const = 0;
  virtual void create_topic(const std::string& name, int partitions) = 0;

  // The mock alone.
  virtual void set_up(bool up) = 0;
  virtual void set_rtt_ms(int ms) = 0;
  virtual void set_topic_error(const std::string& topic, rd_kafka_resp_err_t error) = 0;
  virtual void fail_next(KafkaRequest request, std::initializer_list<rd_kafka_resp_err_t> with) = 0;

  /// As a foreign client does; blocks until it is there.
  void write(const std::string& topic, const KafkaTestRecord& record);
  /// The first `count` records of a topic, of partition 0, then 1, ...; blocks until they are
  /// there.
  [[nodiscard]] std::vector<KafkaTestRecord> read(const std::string& topic, int partitions,
                                                  std::size_t count);
  /// Settings that make tests short.
  [[nodiscard]] KafkaSettings settings() const;

 private:
  std::shared_ptr<rd_kafka_t> writer_;
};

/// One cluster a test: a fresh mock of `brokers`, or the real one.
[[nodiscard]] std::unique_ptr<KafkaTestCluster> kafka_test_cluster(int brokers = 1);

/// The librdkafka properties of settings(): short timeouts.
[[nodiscard]] std::map<std::string, std::string> quick_kafka_properties();

/// A name that no other test uses, on any broker.
[[nodiscard]] std::string unique_kafka_name(const std::string& stem);

}  // namespace sluice
