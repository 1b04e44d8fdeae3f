#pragma once

#include "base/kafka_settings.h"
#include "base/result.h"

#include <librdkafka/rdkafka.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// Gives back what librdkafka allocated.
struct FreeKafka {
  void operator()(rd_kafka_conf_t* conf) const noexcept { rd_kafka_conf_destroy(conf); }
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_message_t* record) const noexcept { rd_kafka_message_destroy(record); }
  void operator()(rd_kafka_headers_t* headers) const noexcept { rd_kafka_headers_destroy(headers); }
  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }
  void operator()(const rd_kafka_metadata_t* metadata) const noexcept {
    rd_kafka_metadata_destroy(metadata);
  }
  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
    rd_kafka_topic_partition_list_destroy(list);
  }
};

using KafkaConf = std::unique_ptr<rd_kafka_conf_t, FreeKafka>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, FreeKafka>;
using KafkaList = std::unique_ptr<rd_kafka_topic_partition_list_t, FreeKafka>;
using KafkaRaw = std::unique_ptr<rd_kafka_message_t, FreeKafka>;
using KafkaError = std::unique_ptr<rd_kafka_error_t, FreeKafka>;
using KafkaMetadata = std::unique_ptr<const rd_kafka_metadata_t, FreeKafka>;

[[nodiscard]] inline KafkaList make_kafka_list(int room = 1) {
  return KafkaList(rd_kafka_topic_partition_list_new(room));
}

/// A client of librdkafka. The last to let go of it destroys it, on a thread beside the cores,
/// because that waits for the client's own threads. Thread safe.
using KafkaHandle = std::shared_ptr<rd_kafka_t>;

/// One property of librdkafka.
struct KafkaProperty {
  const char* name;
  std::string value;
};

/// The settings as librdkafka's configuration: `defaults` first, then what the settings say, then
/// `fixed`, which they may not touch.
/// Errors: invalid_argument, naming the property; never with a value, which may be a secret.
[[nodiscard]] Result<KafkaConf> make_kafka_conf(const KafkaSettings& settings,
                                                std::initializer_list<KafkaProperty> defaults,
                                                std::initializer_list<KafkaProperty> fixed);

/// A producer or consumer. Callbacks get `context` as their opaque; it lives as long as the client.
/// Errors: invalid_argument (properties that do not go together), with librdkafka's reason.
[[nodiscard]] Result<KafkaHandle> open_kafka(rd_kafka_type_t type, KafkaConf conf,
                                             std::shared_ptr<void> context);

/// What a librdkafka error means to a caller; `doing` begins the text.
[[nodiscard]] Error kafka_error(rd_kafka_resp_err_t code, std::string_view doing);

}  // namespace sluice
