#pragma once

#include "base/kafka_settings.h"
#include "base/result.h"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The fields that KafkaChannel, KafkaSource and KafkaSink share. Errors: invalid_argument, naming
// the field.

/// `bootstrapServers` and `properties`.
[[nodiscard]] Result<KafkaSettings> read_kafka_settings(const nlohmann::json& spec);

/// Refuses a field that is none of `known`; `kind` is for the text.
[[nodiscard]] Result<void> check_kafka_fields(const nlohmann::json& spec, std::string_view kind,
                                              std::initializer_list<std::string_view> known);

/// A whole number from 1 to `max`; nullopt where the field is absent.
[[nodiscard]] Result<std::optional<int>> read_kafka_count(const nlohmann::json& spec,
                                                          const char* field, int max);

/// A text; nullopt where the field is absent.
[[nodiscard]] Result<std::optional<std::string>> read_kafka_text(const nlohmann::json& spec,
                                                                 const char* field);

}  // namespace sluice
