#pragma once

#include "base/handover.h"
#include "base/kafka_handle.h"
#include "base/kafka_topic_spec.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace sluice {

/// How many partitions `topic` has. Blocks for `timeout` at most.
/// Errors: not_found; unavailable.
[[nodiscard]] Result<int> count_kafka_partitions(rd_kafka_t& client, const std::string& topic,
                                                 std::chrono::milliseconds timeout);

/// Makes the topic unless it is there; its number of partitions. Blocks for twice `timeout` at
/// most. Errors: unavailable; invalid_argument (the broker refuses it).
[[nodiscard]] Result<int> ensure_kafka_topic(rd_kafka_t& client, const KafkaTopicSpec& spec,
                                             std::chrono::milliseconds timeout);

/// A topic that a thread beside the cores makes, trying each second until it is there. Thread safe.
class KafkaTopicGate {
 public:
  /// Errors: invalid_argument, naming the property.
  [[nodiscard]] static Result<std::shared_ptr<KafkaTopicGate>> open(const KafkaSettings& settings,
                                                                    KafkaTopicSpec spec);

  /// Tries no more.
  void close() noexcept { closed_ = true; }

  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }

  /// Why the topic is not there, one line; empty when it is, and before the first try has ended.
  [[nodiscard]] std::string trouble() const;

  /// Completes when the topic is there. `core` is the caller's.
  /// Errors: unavailable, with the reason: at once where a try has failed.
  Task<void> wait(Core& core, Deadline deadline);

 private:
  KafkaTopicGate(KafkaTopicSpec spec, std::string servers)
      : spec_(std::move(spec)), servers_(std::move(servers)) {}
  /// `news` is what was told last of the brokers, for the reason.
  void run(const KafkaHandle& client, std::string& news);

  const KafkaTopicSpec spec_;
  const std::string servers_;
  std::atomic<bool> open_{false};
  std::atomic<bool> closed_{false};
  Handover<bool> first_try_;  // Whether it made it; later ones are seen in open_.
  mutable std::mutex mutex_;  // Guards what follows.
  std::string trouble_;
};

}  // namespace sluice
