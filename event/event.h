#pragma once

#include "base/result.h"

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice {

/// The CloudEvents versions Sluice speaks. An event keeps the version it came with.
enum class SpecVersion : std::uint8_t { v0_3, v1_0 };

/// How an attribute was typed when it came; it decides only how JSON shows it again. Times and
/// URIs are strings here: they are kept as text.
enum class AttributeType : std::uint8_t { string, integer, boolean };

/// What is known of the data, for when the event is written as JSON.
enum class DataKind : std::uint8_t {
  none,    ///< No data at all; differs from empty data only in JSON.
  bytes,   ///< Opaque: from binary mode or from data_base64.
  text,    ///< Came as a JSON string with a content type that is not JSON: valid UTF-8.
  json,    ///< Came as a JSON value: the bytes are that value, checked.
};

/// One context attribute. The views live as long as the event.
struct Attribute {
  std::string_view name;
  std::string_view value;  ///< The canonical CloudEvents string form.
  AttributeType type = AttributeType::string;
};

/// One transport header that travels beside the event: traceparent, tracestate, and the producer's
/// headers on Knative's allow-list. Names are lower case.
struct PassedHeader {
  std::string_view name;
  std::string_view value;
};

class Event;
/// An event is never copied on fan-out: everybody holds the same one.
using EventPtr = std::shared_ptr<const Event>;

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
  std::size_t size_bytes_ = 0;
  const Slot* slots_ = nullptr;  // Attributes, then headers.
  const char* bytes_ = nullptr;
  std::string_view data_;
  std::unique_ptr<char[]> adopted_;  // The buffer data_ points into, where it was not copied.
};

/// Collects what an event is made of, as views, and makes the event in one allocation. The views
/// must live until build(). Says nothing about validity: event/validation.h does.
class EventBuilder {
 public:
  SpecVersion specversion = SpecVersion::v1_0;

  /// Sets an attribute other than specversion; replaces it where it is set already. The name is
  /// lower case.
  EventBuilder& set(std::string_view name, std::string_view value,
                    AttributeType type = AttributeType::string);
  EventBuilder& remove(std::string_view name);
  EventBuilder& header(std::string_view name, std::string_view value);
  EventBuilder& remove_header(std::string_view name);
  EventBuilder& data(std::string_view bytes, DataKind kind);
  /// `bytes` points into `buffer`, which the event keeps instead of copying.
  EventBuilder& adopt(std::unique_ptr<char[]> buffer, std::size_t buffer_size,
                      std::string_view bytes, DataKind kind);

  /// The value of an attribute set so far; null when absent.
  [[nodiscard]] const Attribute* find(std::string_view name) const noexcept;

  /// Everything of `event`, its stamps and headers included.
  [[nodiscard]] static EventBuilder copy_of(const Event& event);

  /// id, source and type must be set. The builder is spent afterwards.
  [[nodiscard]] EventPtr build();

 private:
  std::array<Attribute, 3> required_{Attribute{"id", {}}, Attribute{"source", {}},
                                     Attribute{"type", {}}};
  boost::container::small_vector<Attribute, 8> rest_;
  boost::container::small_vector<PassedHeader, 4> headers_;
  std::string_view data_;
  DataKind data_kind_ = DataKind::none;
  std::unique_ptr<char[]> adopted_;
  std::size_t adopted_size_ = 0;
};

/// The event with the broker's extensions set: `knativearrivaltime` where `arrival_time` is not
/// empty (at most 35 bytes), and `knativebrokerttl`. In place when the caller's is the only
/// reference, else on a copy.
[[nodiscard]] EventPtr stamped(EventPtr event, std::string_view arrival_time,
                               std::optional<std::int32_t> hops);

inline constexpr std::string_view kArrivalTime = "knativearrivaltime";
inline constexpr std::string_view kHops = "knativebrokerttl";

[[nodiscard]] std::string_view to_string(SpecVersion version) noexcept;

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
