#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice {

/// The CloudEvents versions Sluice speaks. An event keeps the version it came with.
enum class SpecVersion : std::uint8_t { v0_3, v1_0 };

/// How an attribute was typed when it came; it decides only how JSON shows it again. Times and
/// URIs are strings here: they are kept as text.
enum class AttributeType : std::uint8_t { string, integer, boolean };

/// What is known of the data, for when the event is written as JSON.
enum class DataKind : std::uint8_t {
  none,   ///< No data at all; differs from empty data only in JSON.
  bytes,  ///< Opaque: from binary mode or from data_base64.
  text,   ///< Came as a JSON string with a content type that is not JSON: valid UTF-8.
  json,   ///< Came as a JSON value: the bytes are that value, checked.
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

/// The broker's own two extensions.
inline constexpr std::string_view kArrivalTime = "knativearrivaltime";
inline constexpr std::string_view kHops = "knativebrokerttl";

[[nodiscard]] std::string_view to_string(SpecVersion version) noexcept;

}  // namespace sluice
