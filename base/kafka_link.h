#pragma once

#include "base/kafka_handle.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace sluice {

/// Whether a client's cluster can be reached. librdkafka tells when the last broker has gone, and
/// not when one is back: while it is away a thread beside the cores asks each half second. Held by
/// shared_ptr. Thread safe.
class KafkaLink : public std::enable_shared_from_this<KafkaLink> {
 public:
  explicit KafkaLink(std::string servers) : servers_(std::move(servers)) {}

  /// All brokers may be down: looks for itself, and until one answers the link is down.
  void doubt(const KafkaHandle& handle);

  /// Does not look any more.
  void close() noexcept { closed_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] bool is_down() const noexcept { return down_.load(std::memory_order_relaxed); }

  /// One line; empty while the cluster can be reached.
  [[nodiscard]] std::string trouble() const;

 private:
  void look(const std::weak_ptr<rd_kafka_t>& handle);

  const std::string servers_;
  std::atomic<bool> down_{false};
  std::atomic<bool> looking_{false};
  std::atomic<bool> closed_{false};
};

}  // namespace sluice
