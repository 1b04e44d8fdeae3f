#include "channels/kafka_channel_settings.h"

#include "base/duration.h"
#include "base/kafka_fields.h"
#include "base/kafka_member.h"
#include "base/kafka_producer.h"

namespace sluice {
namespace {

constexpr int kMostPartitions = 10'000;
constexpr int kMostReplicas = 100;
constexpr std::string_view kDefaultRetention = "PT168H";  // Knative's.

}  // namespace

std::string KafkaChannelSettings::group_of(std::string_view consumer) const {
  const std::size_t slash = consumer.find('/');
  std::string group = "kafka." + ns + "." + name + ".";
  if (slash == std::string_view::npos) return group.append(consumer);
  const std::string_view its_ns = consumer.substr(0, slash);
  if (its_ns != ns) group.append(its_ns) += '.';
  return group.append(consumer.substr(slash + 1));
}

Result<KafkaChannelSettings> read_kafka_channel_settings(const ChannelSpec& spec) {
  SLUICE_TRY(check_kafka_fields(spec.spec, "KafkaChannel",
                                {"bootstrapServers", "numPartitions", "replicationFactor",
                                 "retentionDuration", "properties"}));
  KafkaChannelSettings settings;
  SLUICE_TRY(settings.client, read_kafka_settings(spec.spec));
  SLUICE_TRY(KafkaProducer::check(settings.client));
  SLUICE_TRY(KafkaMember::check(settings.client));
  SLUICE_TRY(const auto partitions, read_kafka_count(spec.spec, "numPartitions", kMostPartitions));
  SLUICE_TRY(const auto replication,
             read_kafka_count(spec.spec, "replicationFactor", kMostReplicas));
  SLUICE_TRY(const auto retention, read_kafka_text(spec.spec, "retentionDuration"));
  const auto kept_for = parse_iso_duration(retention ? *retention : kDefaultRetention);
  if (!kept_for) {
    return fail(Errc::invalid_argument, "retentionDuration: " + kept_for.error().detail);
  }
  settings.ns = spec.ns;
  settings.name = spec.name;
  settings.capacity_events = spec.capacity_events;
  settings.topic.name = "knative-messaging-kafka." + spec.ns + "." + spec.name;
  settings.topic.partitions = partitions.value_or(1);
  settings.topic.replication = replication.value_or(1);
  settings.topic.retention = kept_for.value();
  SLUICE_TRY(check_kafka_topic(settings.topic.name));
  return settings;
}

}  // namespace sluice
