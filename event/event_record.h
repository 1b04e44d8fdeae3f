#pragma once

#include "base/result.h"
#include "event/event.h"

#include <boost/container/small_vector.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// One named byte string of a record: a Kafka header, a field of a Redis stream entry.
struct RecordField {
  std::string_view name;
  std::string_view value;
};

/// An event as a record of a log: CloudEvents' Kafka protocol binding 1.0.2, section 3.2 (binary
/// mode), of which Redis entries take the headers as fields too. `ce_` fields for attributes,
/// `content-type` for datacontenttype, the transport headers that travel beside the event under
/// their own names, and the data. What strings cannot carry, attributes' types and what the data
/// is, stands in one field of ours, `sluice-kinds`, written only where a reader could not tell.
/// Views point into the event and into `texts`.
struct EventRecord {
  boost::container::small_vector<RecordField, 16> fields;
  std::optional<std::string_view> data;  ///< nullopt: the event has no data.
  std::optional<std::string_view> key;   ///< The extension `partitionkey`.
  std::string texts;
};

[[nodiscard]] EventRecord record_of(const Event& event);

/// Whether a record says that it is an event: it has `ce_specversion`, or its content type is
/// application/cloudevents.
[[nodiscard]] bool is_event_record(std::span<const RecordField> fields) noexcept;

/// The event of a record in binary or structured mode, validated; fields of other names are no part
/// of it, but for the transport headers that travel with an event.
/// Errors: invalid_argument, naming the field or attribute, when it is no valid event.
[[nodiscard]] Result<EventPtr> event_from_record(std::span<const RecordField> fields,
                                                 std::optional<std::string_view> data);

}  // namespace sluice
