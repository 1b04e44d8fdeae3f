// KafkaChannel (messaging.knative.dev/v1beta1): a channel that is a topic of Kafka.

#include "manifest/channel_parts.h"
#include "manifest/kafka_fields.h"

#include <limits>

namespace sluice {
namespace {

constexpr std::int64_t kMostPartitions = 10'000;  // As channels/kafka_channel_settings.cc.
constexpr std::int64_t kMostReplicas = 100;

struct KafkaChannelFields {
  Value<std::int64_t> partitions;
  Value<std::int64_t> replication;
  Value<std::chrono::milliseconds> retention;
  Value<DeliveryFields> delivery;
  Value<AnyYaml> subscribers;
};

ChannelParts read_kafka_channel(const SpecPlace& place, const Resource& owner, Build& build) {
  const auto fields = build.read_spec<KafkaChannelFields>(place);
  ChannelParts parts;
  parts.delivery = fields.delivery;
  // Nothing of it is in this process: what the topic holds is bounded by its retention.
  parts.channel.capacity_events = std::numeric_limits<std::size_t>::max();
  parts.channel.capacity_bytes = std::numeric_limits<std::size_t>::max();
  nlohmann::json& spec = parts.channel.spec;
  put_kafka(read_kafka_config(place, owner, build), spec);
  spec["numPartitions"] = fields.partitions ? to_unsigned(*fields.partitions) : 1U;
  spec["replicationFactor"] = fields.replication ? to_unsigned(*fields.replication) : 1U;
  spec["retentionDuration"] = fields.retention ? fields.retention.node->text : "PT168H";
  return parts;
}

}  // namespace

template <>
const Shape<KafkaChannelFields>& shape_of() {
  using Fields = KafkaChannelFields;
  static const Shape<Fields> shape(
      "KafkaChannel spec",
      {
          field<&Fields::partitions>({"numPartitions",
                                      "Of the topic: as many processes can read side by side.",
                                      false, "1", 1, kMostPartitions}),
          field<&Fields::replication>({"replicationFactor", "How many brokers hold each partition.",
                                       false, "1", 1, kMostReplicas}),
          field<&Fields::retention>({"retentionDuration",
                                     "After how long Kafka drops an event, settled or not.", false,
                                     "PT168H", 1}),
          field<&Fields::delivery>(kChannelDelivery),
          field<&Fields::subscribers>(kSubscribers),
      });
  return shape;
}

KindInfo kafka_channel_kind() {
  KindInfo info = channel_kind_info("KafkaChannel", "messaging.knative.dev/v1beta1");
  info.about =
      "A channel in Kafka: 202 means acknowledged by all in-sync replicas, and the events are "
      "there after a crash. Its topic is `knative-messaging-kafka.NAMESPACE.NAME`. Where Kafka is "
      "says `--kafka-bootstrap-servers` or "
      "[kafka-channel-config](#kafka-channel-config).";
  info.backend = Backend::kafka;
  info.spec = &shape_info<KafkaChannelFields>;
  info.read_channel = read_kafka_channel;
  return info;
}

}  // namespace sluice
