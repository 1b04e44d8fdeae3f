#pragma once

#include "base/kafka_settings.h"
#include "base/kafka_topic.h"
#include "channels/channel_spec.h"

#include <cstddef>
#include <string>

namespace sluice {

/// A KafkaChannel's fields, read, and its names in Kafka, which are Knative's.
struct KafkaChannelSettings {
  KafkaSettings client;
  KafkaTopicSpec topic;
  std::string ns;
  std::string name;
  std::size_t capacity_events = 0;

  /// The group of the consumer `name`, "NAMESPACE/NAME".
  [[nodiscard]] std::string group_of(std::string_view consumer) const;
  /// The group whose members share claims.
  [[nodiscard]] std::string leader_group() const { return "sluice-leader." + ns + "." + name; }
};

/// Errors: invalid_argument, naming the field.
[[nodiscard]] Result<KafkaChannelSettings> read_kafka_channel_settings(const ChannelSpec& spec);

}  // namespace sluice
