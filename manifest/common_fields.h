#pragma once

#include "broker/delivery_policy_spec.h"
#include "manifest/field_table.h"

namespace sluice {

/// The fields that several kinds share, as written. What they mean is in manifest/resolve.h.

struct RefFields {
  Value<std::string> api_version;
  Value<std::string> kind;
  Value<std::string> name;
  Value<std::string> ns;
};

struct DestinationFields {
  Value<RefFields> ref;
  Value<std::string> uri;
};

struct DeliveryFields {
  Value<DestinationFields> dead_letter_sink;
  Value<std::int64_t> retry;
  Value<BackoffPolicy> backoff_policy;
  Value<std::chrono::milliseconds> backoff_delay;
  Value<std::chrono::milliseconds> timeout;
  Value<std::chrono::milliseconds> retry_after_max;
  Value<DeliveryFormat> format;
};

struct ChannelTemplateFields {
  Value<std::string> api_version;
  Value<std::string> kind;
  Value<AnyYaml> spec;  ///< Read by the kind's own table.
};

struct MetadataFields {
  Value<std::string> name;
  Value<std::string> ns;
  Value<StringMap> labels;
  Value<StringMap> annotations;
  Value<AnyYaml> owners;
  Value<AnyYaml> ignored;
};

/// What was read for a field, which must not be empty: that is a finding.
[[nodiscard]] std::string read_filled(const Value<std::string>& field, std::string_view name,
                                      Findings& findings);

/// For JSON, which tells numbers with a sign from those without.
[[nodiscard]] inline std::uint64_t to_unsigned(std::int64_t number) noexcept {
  return static_cast<std::uint64_t>(number);
}

/// Whether events can have an extension of that name. False, with a finding at `at`, when not.
bool check_extension_name(const std::string& name, const YamlNode& at, Findings& findings);

template <>
const Shape<RefFields>& shape_of();
template <>
const Shape<DestinationFields>& shape_of();
template <>
const Shape<DeliveryFields>& shape_of();
template <>
const Shape<ChannelTemplateFields>& shape_of();
template <>
const Shape<MetadataFields>& shape_of();

}  // namespace sluice
