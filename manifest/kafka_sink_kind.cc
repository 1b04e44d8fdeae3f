// KafkaSink (eventing.knative.dev/v1alpha1): writes the events that it gets to a topic.

#include "manifest/kafka_fields.h"
#include "manifest/kafka_security.h"

namespace sluice {

enum class ContentMode { binary, structured };

template <>
std::span<const std::string_view> words_of<ContentMode>() {
  static constexpr std::string_view kWords[] = {"binary", "structured"};
  return kWords;
}

namespace {

struct SecretNameFields {
  Value<std::string> name;
};

struct AuthSecretFields {
  Value<SecretNameFields> ref;
};

struct AuthFields {
  Value<AuthSecretFields> secret;
};

struct KafkaSinkFields {
  Value<std::string> topic;
  Value<StringList> servers;
  Value<ContentMode> content_mode;
  Value<std::int64_t> partitions;
  Value<std::int64_t> replication;
  Value<AuthFields> auth;
};

void read_auth(const Value<AuthFields>& auth, const Resource& resource, Build& build,
               KafkaSettings& settings) {
  const Value<std::string>& name = auth->secret->ref->name;
  if (!name) return;
  const Resource* secret = find_secret(name, resource.ns, resource, build);
  if (secret != nullptr) read_kafka_secret(*secret, *name.node, settings, build.findings);
}

// A topic is created only as the manifest says, and then it says both.
void read_topic_size(const KafkaSinkFields& fields, nlohmann::json& spec, Findings& findings) {
  if (static_cast<bool>(fields.partitions) != static_cast<bool>(fields.replication)) {
    const YamlNode& at = fields.partitions ? *fields.partitions.node : *fields.replication.node;
    findings.error(at, "'numPartitions' and 'replicationFactor' stand together",
                   "write both, so that the topic is created, or leave both out");
    return;
  }
  if (!fields.partitions) return;
  spec["numPartitions"] = to_unsigned(*fields.partitions);
  spec["replicationFactor"] = to_unsigned(*fields.replication);
}

void build_kafka_sink(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<KafkaSinkFields>(resource);
  SinkSpec sink;
  sink.kind = "KafkaSink";
  sink.ns = resource.ns;
  sink.name = resource.name;
  KafkaSettings settings;
  settings.bootstrap_servers = read_server_list(fields.servers, build.findings);
  read_auth(fields.auth, resource, build, settings);
  put_kafka(settings, sink.spec);
  if (fields.topic) check_topic(fields.topic, build.findings);
  sink.spec["topic"] = *fields.topic;
  sink.spec["contentMode"] =
      words_of<ContentMode>()[static_cast<std::size_t>(*fields.content_mode)];
  read_topic_size(fields, sink.spec, build.findings);
  build.graph.sinks.push_back(std::move(sink));
}

}  // namespace

template <>
const Shape<SecretNameFields>& shape_of() {
  static const Shape<SecretNameFields> shape(
      "auth secret ref", {field<&SecretNameFields::name>(
                             {"name", "A Secret in the namespace of the resource.", true})});
  return shape;
}

template <>
const Shape<AuthSecretFields>& shape_of() {
  static const Shape<AuthSecretFields> shape(
      "auth secret", {field<&AuthSecretFields::ref>({"ref", "Which Secret.", true})});
  return shape;
}

template <>
const Shape<AuthFields>& shape_of() {
  static const Shape<AuthFields> shape(
      "auth", {field<&AuthFields::secret>(
                  {"secret", "TLS and login; see [secrets of Kafka](#secrets-of-kafka).", true})});
  return shape;
}

template <>
const Shape<KafkaSinkFields>& shape_of() {
  using Fields = KafkaSinkFields;
  static const Shape<Fields> shape(
      "KafkaSink spec",
      {
          field<&Fields::topic>({"topic", "Where the events are written.", true}),
          field<&Fields::servers>({"bootstrapServers", "Kafka's addresses, HOST:PORT each.", true}),
          field<&Fields::content_mode>({"contentMode",
                                        "How CloudEvents are written: attributes as headers, or "
                                        "one JSON object.",
                                        false, "binary"}),
          field<&Fields::partitions>({"numPartitions",
                                      "With replicationFactor: the topic is created with so many.",
                                      false, "the topic is there", 1, 10'000}),
          field<&Fields::replication>({"replicationFactor", "How many brokers hold each partition.",
                                       false, "the topic is there", 1, 100}),
          field<&Fields::auth>({"auth", "How the brokers are talked to.", false, "plain text"}),
      });
  return shape;
}

KindInfo kafka_sink_kind() {
  KindInfo info;
  info.kind = "KafkaSink";
  info.api_versions = {"eventing.knative.dev/v1alpha1"};
  info.about =
      "Writes the events that it gets at `/NAMESPACE/sinks/NAME` to a topic of Kafka; "
      "`partitionkey` "
      "is the record's key.";
  info.addressing = Addressing::local;
  info.plural = "sinks";
  info.backend = Backend::kafka;
  info.spec = &shape_info<KafkaSinkFields>;
  info.build = build_kafka_sink;
  return info;
}

}  // namespace sluice
