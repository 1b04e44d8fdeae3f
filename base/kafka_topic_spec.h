#pragma once

#include "base/result.h"

#include <chrono>
#include <optional>
#include <string>

namespace sluice {

/// A topic, and how it is made where it is not there.
struct KafkaTopicSpec {
  std::string name;
  int partitions = 1;
  int replication = 1;
  std::optional<std::chrono::milliseconds> retention;  ///< None: the broker's default.
};

/// Errors: invalid_argument: longer than 249 characters, or with one that Kafka does not take.
[[nodiscard]] Result<void> check_kafka_topic(const std::string& name);

}  // namespace sluice
