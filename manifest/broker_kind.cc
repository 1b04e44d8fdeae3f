// Broker (eventing.knative.dev/v1): a channel that Triggers read from.

#include "manifest/annotations.h"
#include "manifest/channel_parts.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view kTemplateKey = "channel-template-spec";

struct BrokerFields {
  Value<RefFields> config;
  Value<ChannelTemplateFields> channel_template;
  Value<DeliveryFields> delivery;
};

// A text of its own inside a scalar. A `|` block keeps its lines, so places in it are exact.
const SourceText& source_inside(const YamlNode& scalar, YamlStore& store) {
  const SourceText& outer = *scalar.source;
  std::size_t first_line = std::string::npos;
  std::size_t indent = 0;
  if (scalar.literal) {
    first_line = outer.line_of(scalar.offset) + 1;
    const std::size_t inside = scalar.text.find_first_not_of('\n');
    if (inside != std::string::npos) {
      const auto blank_lines = static_cast<std::size_t>(inside);
      const std::string_view line = outer.line(first_line + blank_lines);
      const std::string_view text = std::string_view(scalar.text).substr(inside);
      const std::size_t outside = std::min(line.find_first_not_of(' '), line.size());
      indent = outside - std::min(outside, text.find_first_not_of(' '));
    }
  }
  return store.sources.emplace_back(outer, scalar.text, first_line, indent, scalar.offset);
}

// What to write instead of the ConfigMap of Knative's Kafka Broker (`kafka-broker-config`); ""
// where `data` is none.
std::string kafka_broker_hint(const YamlNode& data) {
  const auto number = [&data](std::string_view key) {
    const auto* entry = data.find(key);
    const std::string text = entry == nullptr ? "" : entry->value->text;
    const bool good = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return good ? text : std::string("1");
  };
  const bool is_one = std::ranges::any_of(data.entries, [](const YamlNode::Entry& entry) {
    return entry.key->text.starts_with("default.topic.") || entry.key->text == "bootstrap.servers";
  });
  if (!is_one) return {};
  return "it is that of Knative's Kafka Broker; leave 'config' out and write channelTemplate: "
         "{apiVersion: messaging.knative.dev/v1beta1, kind: KafkaChannel, spec: {numPartitions: " +
         number("default.topic.partitions") +
         ", replicationFactor: " + number("default.topic.replication.factor") +
         "}}; where Kafka is says the ConfigMap kafka-channel-config or --kafka-bootstrap-servers";
}

// The channelTemplate in a ConfigMap's data; empty, with a finding, when there is none.
Value<ChannelTemplateFields> template_of(const Resource& config, const Value<RefFields>& ref,
                                         Build& build) {
  const auto* data = config.root->find("data");
  const auto* entry = data == nullptr ? nullptr : data->value->find(kTemplateKey);
  if (entry == nullptr || entry->value->kind != YamlNode::Kind::scalar) {
    std::vector<std::string_view> keys;
    if (data != nullptr) {
      for (const auto& known : data->value->entries) keys.push_back(known.key->text);
    }
    std::string hint = "leave 'config' out for an InMemoryChannel";
    if (!keys.empty()) hint = kafka_broker_hint(*data->value);
    if (!keys.empty() && hint.empty()) hint = "its data has: " + joined(keys);
    build.findings.error(*ref->name.node,
                         config.title() + " has no '" + std::string(kTemplateKey) + "' in its data",
                         hint);
    return {};
  }
  const SourceText& source = source_inside(*entry->value, build.store);
  const std::size_t before = build.findings.errors();
  const YamlFile file = read_yaml(source, build.store, build.findings);
  Value<ChannelTemplateFields> out;
  if (file.documents.size() != 1) {
    if (build.findings.errors() == before) {
      build.findings.error(*entry->key,
                           "'channel-template-spec' wants one channelTemplate in YAML");
    }
    return {};
  }
  if (read_fields(*file.documents[0], *entry->key, build.findings, out.value)) {
    out.node = file.documents[0];
  }
  return out;
}

void warn_of_delivery(const BrokerFields& fields, const ChannelTemplate& channel,
                      const Resource& resource, Build& build) {
  if (channel.has_delivery && fields.channel_template) {
    build.findings.warning(*fields.channel_template->spec.node,
                           "a Broker does not use the delivery of its channelTemplate",
                           "write it to spec.delivery");
  }
  if (!fields.delivery) return;
  const YamlNode& delivery = *fields.delivery.node;
  const bool only_dead_letters =
      delivery.entries.size() == 1 && delivery.find("deadLetterSink") != nullptr;
  if (only_dead_letters) {
    build.findings.warning(*fields.delivery.node,
                           "with only a deadLetterSink in its delivery, " + resource.title() +
                               " does not retry at all",
                           "without 'delivery' it would retry 10 times; add retry: 10, "
                           "backoffPolicy: exponential, backoffDelay: PT0.2S");
  }
}

void build_broker(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<BrokerFields>(resource);
  Value<ChannelTemplateFields> channel_template = fields.channel_template;
  if (fields.config && fields.channel_template) {
    build.findings.error(*fields.channel_template.node,
                         "'config' and 'channelTemplate' both say what the channel is",
                         "leave one of the two out");
  } else if (const Resource* config =
                 find_ref(fields.config, "'config'", {"ConfigMap"}, resource, build)) {
    channel_template = template_of(*config, fields.config, build);
  }
  const ChannelTemplate channel = read_channel_template(channel_template, resource, build);
  BrokerSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  spec.channel = channel.channel;
  spec.channel.name = resource.name + "-kne-trigger";
  read_capacity_annotations(resource, spec.channel, build.findings);
  warn_of_delivery(fields, channel, resource, build);
  const DeliveryPolicy delivery =
      read_delivery(fields.delivery, broker_default_delivery(), resource, build);
  const std::string path = path_of(resource);
  if (delivery.dead_letter_sink && delivery.dead_letter_sink->address == path) {
    build.findings.warning(*fields.delivery->dead_letter_sink.node,
                           "dead letters return to the Broker that they come from",
                           "send them elsewhere, e.g. to an EventDisplay");
  }
  build.owners.try_emplace(path, Build::Owner{build.graph.brokers.size(), &resource, delivery});
  build.graph.brokers.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<BrokerFields>& shape_of() {
  static const Shape<BrokerFields> shape(
      "Broker spec",
      {
          field<&BrokerFields::delivery>({"delivery",
                                          "Serves the Triggers that have none of their own.", false,
                                          "retry 10, exponential, PT0.2S"}),
          field<&BrokerFields::config>({"config",
                                        "A ConfigMap whose `channel-template-spec` says what the "
                                        "channel is."}),
          field<&BrokerFields::channel_template>(
              {"channelTemplate", "What the channel is, said here.", false, "InMemoryChannel"}),
      });
  return shape;
}

KindInfo broker_kind() {
  KindInfo info;
  info.kind = "Broker";
  info.api_versions = {"eventing.knative.dev/v1"};
  info.about = "Takes events at `/NAMESPACE/NAME` and hands each to every Trigger that wants it.";
  info.addressing = Addressing::local;
  info.spec = &shape_info<BrokerFields>;
  info.build = build_broker;
  return info;
}

}  // namespace sluice
