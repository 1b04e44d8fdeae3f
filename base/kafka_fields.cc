#include "base/kafka_fields.h"

#include <algorithm>

namespace sluice {

Result<KafkaSettings> read_kafka_settings(const nlohmann::json& spec) {
  KafkaSettings settings;
  SLUICE_TRY(auto servers, read_kafka_text(spec, "bootstrapServers"));
  if (!servers || servers->empty()) {
    return fail(Errc::invalid_argument, "bootstrapServers: missing, as in \"host:9092\"");
  }
  settings.bootstrap_servers = std::move(*servers);
  const auto properties = spec.find("properties");
  if (properties == spec.end()) return settings;
  if (!properties->is_object()) {
    return fail(Errc::invalid_argument, "properties: not a map of librdkafka's properties");
  }
  for (const auto& [name, value] : properties->items()) {
    if (!value.is_string()) {
      return fail(Errc::invalid_argument, "properties: the value of '" + name + "' is no string");
    }
    settings.properties.emplace(name, value.get<std::string>());
  }
  return settings;
}

Result<void> check_kafka_fields(const nlohmann::json& spec, std::string_view kind,
                                std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : spec.items()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    return fail(Errc::invalid_argument,
                std::string(kind) + " has no field '" + name + "' in its spec");
  }
  return boost::outcome_v2::success();
}

Result<std::optional<int>> read_kafka_count(const nlohmann::json& spec, const char* field,
                                            int max) {
  const auto found = spec.find(field);
  if (found == spec.end()) return std::nullopt;
  if (found->is_number_integer()) {
    const auto value = found->get<std::int64_t>();
    if (value >= 1 && value <= max) return static_cast<int>(value);
  }
  return fail(Errc::invalid_argument,
              std::string(field) + ": not a whole number from 1 to " + std::to_string(max));
}

Result<std::optional<std::string>> read_kafka_text(const nlohmann::json& spec, const char* field) {
  const auto found = spec.find(field);
  if (found == spec.end()) return std::nullopt;
  if (!found->is_string()) return fail(Errc::invalid_argument, std::string(field) + ": no string");
  return found->get<std::string>();
}

}  // namespace sluice
