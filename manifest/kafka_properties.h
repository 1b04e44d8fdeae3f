#pragma once

#include "base/kafka_settings.h"
#include "manifest/findings.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

/// A property of librdkafka that manifests may set: a whole number within bounds, one of some
/// words, or, with neither, any text.
struct KafkaProperty {
  std::string_view name;
  std::string_view about;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::span<const std::string_view> words = {};
};

[[nodiscard]] const std::vector<KafkaProperty>& kafka_properties();
[[nodiscard]] std::vector<std::string_view> kafka_property_names();

/// Why manifests may not set a property of librdkafka that decides what Sluice warrants, or that
/// stands elsewhere; "" of any other name.
[[nodiscard]] std::string_view why_not_a_setting(std::string_view name);

/// Reads one property into `settings`. False, with a finding, where `text` is not one of its
/// values. `property` is of the table.
bool read_kafka_property(const KafkaProperty& property, const YamlNode& text,
                         KafkaSettings& settings, Findings& findings);

/// Says at `at` what librdkafka would refuse of the properties together.
void check_kafka_properties(const KafkaSettings& settings, const YamlNode& at, Findings& findings);

}  // namespace sluice
