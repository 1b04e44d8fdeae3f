#pragma once

#include "base/kafka_handle.h"
#include "base/offset_tracker.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// How far a group is on one partition, in offsets.
struct KafkaBacklog {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t done = 0;  ///< As if all settled records came first.
  std::int64_t end = 0;   ///< The log's, as far as the reader knows.
};

/// A partition while a member has it. Used on the member's core but where it says otherwise.
class KafkaPartition {
 public:
  /// `note`: what is committed beside each offset.
  KafkaPartition(std::string its_topic, std::int32_t its_number, std::int64_t start,
                 std::string its_note)
      : topic(std::move(its_topic)),
        number(its_number),
        note(std::move(its_note)),
        committed(start),
        offsets_(start),
        done_(start) {}

  const std::string topic;
  const std::int32_t number;
  const std::string note;
  std::size_t out = 0;     ///< Records in the hands of those who settle them.
  std::int64_t committed;  ///< What Kafka has been told, or is being told.

  void hand_out(std::int64_t offset) {
    offsets_.hand_out(offset);
    count();
  }
  void settle(std::int64_t offset) {
    offsets_.settle(offset);
    count();
  }
  [[nodiscard]] const OffsetTracker& offsets() const noexcept { return offsets_; }

  /// Another member has it by now. Any thread.
  [[nodiscard]] bool is_lost() const noexcept { return lost_.load(std::memory_order_relaxed); }
  void lose() noexcept { lost_.store(true, std::memory_order_relaxed); }

  /// The log's end, less what is not settled: a position as if all settled came first. Any thread.
  [[nodiscard]] std::int64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }

 private:
  void count() noexcept {
    done_.store(offsets_.next() - static_cast<std::int64_t>(offsets_.open()),
                std::memory_order_relaxed);
  }

  OffsetTracker offsets_;
  std::atomic<std::int64_t> done_;
  std::atomic<bool> lost_{false};
};

/// The duty to settle one record.
struct KafkaTicket {
  std::shared_ptr<KafkaPartition> partition;
  std::int64_t offset = 0;
  std::uint32_t attempt = 1;
};

/// A record that was handed out: as it was read, or, the further times, as what its holder kept.
struct KafkaRecord {
  KafkaTicket ticket;
  std::shared_ptr<const void> kept;  ///< What came with give_back(); null the first time.
  KafkaRaw raw;                      ///< Null but for the first time.

  /// Those of the raw record; the views live as long as it.
  [[nodiscard]] std::optional<std::string_view> key() const noexcept {
    return view(raw->key, raw->key_len);
  }
  [[nodiscard]] std::optional<std::string_view> value() const noexcept {
    return view(raw->payload, raw->len);
  }
  /// Milliseconds since 1970; -1 where it has none.
  [[nodiscard]] std::int64_t timestamp_ms() const noexcept {
    return rd_kafka_message_timestamp(raw.get(), nullptr);
  }
  /// Calls `visit(name, value)` for every header.
  template <typename Visit>
  void for_each_header(Visit&& visit) const {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(raw.get(), &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      visit(std::string_view(name), view(value, size).value_or(std::string_view()));
    }
  }

 private:
  static std::optional<std::string_view> view(const void* bytes, std::size_t size) noexcept {
    if (bytes == nullptr) return std::nullopt;
    return std::string_view(static_cast<const char*>(bytes), size);
  }
};

}  // namespace sluice
