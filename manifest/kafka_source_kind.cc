// KafkaSource (sources.knative.dev/v1 and v1beta1): the records of topics as events.

#include "manifest/kafka_fields.h"
#include "manifest/kafka_security.h"
#include "manifest/source_fields.h"

#include <algorithm>
#include <array>

namespace sluice {

enum class InitialOffset { latest, earliest };
enum class Ordering { ordered, unordered };

template <>
std::span<const std::string_view> words_of<InitialOffset>() {
  static constexpr std::string_view kWords[] = {"latest", "earliest"};
  return kWords;
}

template <>
std::span<const std::string_view> words_of<Ordering>() {
  static constexpr std::string_view kWords[] = {"ordered", "unordered"};
  return kWords;
}

namespace {

constexpr std::string_view kKeyType = "kafkasources.sources.knative.dev/key-type";

struct KafkaSourceFields : ReadingFields {
  Value<StringList> topics;
  Value<StringList> servers;
  Value<std::string> group;
  Value<InitialOffset> initial_offset;
  Value<Ordering> ordering;
  Value<KafkaNetFields> net;
};

DeliveryPolicy standard_delivery() {
  DeliveryPolicy policy;
  policy.retry = 10;
  policy.backoff_policy = BackoffPolicy::exponential;
  policy.backoff_delay = std::chrono::seconds(10);
  policy.timeout = std::chrono::seconds(600);
  return policy;
}

std::string read_key_type(const Resource& resource, Findings& findings) {
  static const std::vector<std::string_view> kTypes = {"string", "int", "float", "byte-array"};
  const auto label = resource.labels.find(std::string(kKeyType));
  if (label == resource.labels.end()) return "string";
  const std::string& type = *label->second;
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    findings.error(*label->second.node,
                   "the label '" + std::string(kKeyType) + "' wants " + one_of(kTypes) + ", not " +
                       in_quotes(type),
                   did_you_mean(type, kTypes));
  }
  return type;
}

nlohmann::json read_topics(const Value<StringList>& topics, Findings& findings) {
  auto out = nlohmann::json::array();
  for (const Value<std::string>& topic : *topics) {
    if (check_topic(topic, findings)) out.push_back(*topic);
  }
  return out;
}

void build_kafka_source(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<KafkaSourceFields>(resource);
  ReadingSourceSpec source = make_reading_source(fields, standard_delivery(), resource, build);
  source.dispatch.ordered = *fields.ordering == Ordering::ordered;
  KafkaSettings settings;
  settings.bootstrap_servers = read_server_list(fields.servers, build.findings);
  read_kafka_net(fields.net, resource, build, settings);
  nlohmann::json& spec = source.source.spec;
  put_kafka(settings, spec);
  spec["topics"] = read_topics(fields.topics, build.findings);
  // Not Knative's uuid: after a restart the group has to be the same one.
  spec["consumerGroup"] = fields.group
                              ? read_filled(fields.group, "consumerGroup", build.findings)
                              : "knative-kafka-source-" + resource.ns + "-" + resource.name;
  spec["initialOffset"] =
      words_of<InitialOffset>()[static_cast<std::size_t>(*fields.initial_offset)];
  spec["keyType"] = read_key_type(resource, build.findings);
  build.graph.reading_sources.push_back(std::move(source));
}

}  // namespace

template <>
const Shape<KafkaSourceFields>& shape_of() {
  using Fields = KafkaSourceFields;
  static const Shape<Fields> shape(
      "KafkaSource spec",
      {
          field<&Fields::topics>({"topics", "What is read.", true}),
          field<&Fields::servers>({"bootstrapServers", "Kafka's addresses, HOST:PORT each.", true}),
          field<&Fields::group>({"consumerGroup",
                                 "Under which name Kafka keeps how far it has been read.", false,
                                 "knative-kafka-source-NAMESPACE-NAME"}),
          field<&Fields::consumers, Fields>(kConsumers),
          field<&Fields::initial_offset>({"initialOffset",
                                          "Where a group begins that has read nothing yet.", false,
                                          "latest"}),
          field<&Fields::ordering>({"ordering",
                                    "`ordered`: one after the other per key, the next one after "
                                    "the last attempt of the one before.",
                                    false, "ordered"}),
          field<&Fields::delivery, Fields>({"delivery", "How often it is tried, and what then.",
                                            false, "retry 10, exponential, PT10S, timeout PT600S"}),
          field<&Fields::ce_overrides, Fields>(kOverrides),
          field<&Fields::net>({"net", "TLS and login.", false, "plain text"}),
          field<&Fields::sink, Fields>(kSourceSink),
      });
  return shape;
}

KindInfo kafka_source_kind() {
  KindInfo info;
  info.kind = "KafkaSource";
  info.api_versions = {"sources.knative.dev/v1", "sources.knative.dev/v1beta1"};
  info.about =
      "Reads topics of Kafka: a CloudEvent comes as it is, any other record as the data of a "
      "`dev.knative.kafka.event`. The label `kafkasources.sources.knative.dev/key-type` says what "
      "keys are: string, int, float or byte-array.";
  info.backend = Backend::kafka;
  info.spec = &shape_info<KafkaSourceFields>;
  info.build = build_kafka_source;
  return info;
}

}  // namespace sluice
