#pragma once

#include "manifest/build.h"

namespace sluice {

/// What is added to every event of a source.
struct OverridesFields {
  Value<StringMap> extensions;
};

template <>
const Shape<OverridesFields>& shape_of();

/// Sets `spec.ce_overrides`; a name that no extension can have is a finding.
void read_overrides(const Value<OverridesFields>& overrides, SourceSpec& spec, Findings& findings);

/// What the sources have that read a log which others write. A base of their fields.
struct ReadingFields {
  Value<std::int64_t> consumers;
  Value<DeliveryFields> delivery;
  Value<OverridesFields> ce_overrides;
  Value<DestinationFields> sink;
};

/// A source with all but its own fields. `standard` is its delivery where `spec.delivery` is not
/// there.
[[nodiscard]] ReadingSourceSpec make_reading_source(const ReadingFields& fields,
                                                    const DeliveryPolicy& standard,
                                                    const Resource& resource, Build& build);

// Their lines of a table.
inline constexpr std::int64_t kMostConsumers = 64;
inline constexpr FieldInfo kConsumers = {
    "consumers", "Members of its group in each process.", false, "1", 1, kMostConsumers};
inline constexpr FieldInfo kOverrides = {"ceOverrides", "What is added to every event."};
inline constexpr FieldInfo kSourceSink = {
    "sink", "Where the events go; what it replies is not looked at.", true};

}  // namespace sluice
