#pragma once

#include "base/kafka_handle.h"

#include <cstdint>
#include <memory>
#include <optional>
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
  friend class KafkaRoute;
  std::unique_ptr<rd_kafka_headers_t, FreeKafka> list_;
  std::size_t bytes_ = 0;
};

/// A record that is to be written. The views live until produce() has been awaited.
struct KafkaOutgoing {
  explicit KafkaOutgoing(std::size_t headers_room) : headers(headers_room) {}

  [[nodiscard]] std::size_t bytes() const noexcept {
    return headers.bytes() + (value ? value->size() : 0);
  }

  std::string_view topic;
  std::optional<std::string_view> key;  ///< None: any partition.
  std::optional<std::string_view> value;
  KafkaHeaders headers;
};

}  // namespace sluice
