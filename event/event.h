#pragma once

#include "event/attribute.h"
#include "event/event_builder.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice {

/// One CloudEvent, immutable, in one allocation: a fixed head, a table of attributes, their bytes,
/// and the data behind them (large data stays in the buffer that it was read into).
///
/// The broker's own two extensions, `knativearrivaltime` and `knativebrokerttl`, have room in the
/// head, so that stamping an event that nobody else holds yet copies nothing.
class Event final {
 public:
  [[nodiscard]] SpecVersion specversion() const noexcept { return specversion_; }
  [[nodiscard]] std::string_view id() const noexcept { return value_of(0); }
  [[nodiscard]] std::string_view source() const noexcept { return value_of(1); }
  [[nodiscard]] std::string_view type() const noexcept { return value_of(2); }

  /// The string form of any context attribute, `specversion` included, or nullopt when absent.
  [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const noexcept;

  /// The same with the type it came with.
  [[nodiscard]] std::optional<Attribute> find(std::string_view name) const noexcept;

  /// Calls `visit(Attribute)` for every attribute but `specversion`: id, source, type, then the
  /// rest in the order they came, the broker's stamps last.
  template <typename Visit>
  void for_each_attribute(Visit&& visit) const;

  /// Calls `visit(PassedHeader)` for every header that travels beside the event.
  template <typename Visit>
  void for_each_header(Visit&& visit) const;

  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;

  [[nodiscard]] DataKind data_kind() const noexcept { return data_kind_; }
  [[nodiscard]] std::string_view data() const noexcept { return data_; }

  /// The remaining hops, where `knativebrokerttl` is an integer.
  [[nodiscard]] std::optional<std::int32_t> hops() const noexcept;

  /// A number that no other event of this process ever has, so that what was found out about the
  /// data can be kept by it. Stamping leaves both as they are.
  [[nodiscard]] std::uint64_t serial() const noexcept { return serial_; }

  /// Bytes this event occupies in memory, its allocations included. What capacity_bytes counts.
  [[nodiscard]] std::size_t size_bytes() const noexcept { return size_bytes_; }

 private:
  friend class EventBuilder;
  friend EventPtr stamped(EventPtr event, std::string_view arrival_time,
                          std::optional<std::int32_t> hops);
  struct Slot {  // Offsets into bytes_; the value stands right behind the name.
    std::uint32_t offset;
    std::uint32_t value_size;
    std::uint16_t name_size;
    AttributeType type;
  };
  template <std::size_t Capacity>
  struct ShortText {
    std::uint8_t size = 0;
    char bytes[Capacity];
    [[nodiscard]] std::string_view view() const noexcept { return {bytes, size}; }
    void assign(std::string_view text) noexcept;
  };

  [[nodiscard]] std::string_view name_of(std::size_t index) const noexcept;
  [[nodiscard]] std::string_view value_of(std::size_t index) const noexcept;
  [[nodiscard]] bool overridden(std::string_view name) const noexcept;

  SpecVersion specversion_ = SpecVersion::v1_0;
  DataKind data_kind_ = DataKind::none;
  std::uint16_t attribute_count_ = 0;
  std::uint16_t header_count_ = 0;
  ShortText<35> arrival_time_;  // Empty until a broker has stamped it.
  ShortText<11> hops_;
  std::uint64_t serial_ = 0;
  std::size_t size_bytes_ = 0;
  const Slot* slots_ = nullptr;  // Attributes, then headers.
  const char* bytes_ = nullptr;
  std::string_view data_;
  std::unique_ptr<char[]> adopted_;  // The buffer data_ points into, where it was not copied.
};

// Implementation of the templates.

template <typename Visit>
void Event::for_each_attribute(Visit&& visit) const {
  for (std::size_t i = 0; i < attribute_count_; ++i) {
    const std::string_view name = name_of(i);
    if (overridden(name)) continue;
    visit(Attribute{name, value_of(i), slots_[i].type});
  }
  if (arrival_time_.size > 0) visit(Attribute{kArrivalTime, arrival_time_.view()});
  if (hops_.size > 0) visit(Attribute{kHops, hops_.view(), AttributeType::integer});
}

template <typename Visit>
void Event::for_each_header(Visit&& visit) const {
  for (std::size_t i = attribute_count_; i < std::size_t{attribute_count_} + header_count_; ++i) {
    visit(PassedHeader{name_of(i), value_of(i)});
  }
}

}  // namespace sluice
