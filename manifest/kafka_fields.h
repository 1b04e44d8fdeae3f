#pragma once

#include "base/kafka_settings.h"
#include "manifest/build.h"

#include <nlohmann/json.hpp>

#include <string>

namespace sluice {

/// What KafkaSource and KafkaSink call `bootstrapServers`: every element is HOST:PORT, or several
/// of them with commas. "" with a finding where one is not.
[[nodiscard]] std::string read_server_list(const Value<StringList>& servers, Findings& findings);

/// Whether Kafka takes `topic` as a topic's name. False, with a finding, when not.
bool check_topic(const Value<std::string>& topic, Findings& findings);

/// Sets "bootstrapServers" and "properties" of a kind's own fields.
void put_kafka(const KafkaSettings& settings, nlohmann::json& spec);

/// Where a KafkaChannel finds Kafka: --kafka-bootstrap-servers, else the ConfigMap
/// `kafka-channel-config` of the owner's namespace, else that of `knative-eventing`; the rest of
/// the ConfigMap counts in any case. Findings where neither says so, and for what is wrong in it.
[[nodiscard]] KafkaSettings read_kafka_config(const SpecPlace& place, const Resource& owner,
                                              Build& build);

}  // namespace sluice
