// The ConfigMap `kafka-channel-config`, as Knative's KafkaChannel has it: bootstrap.servers, a
// Secret, and, ours, properties of librdkafka.

#include "manifest/kafka_fields.h"
#include "manifest/kafka_properties.h"
#include "manifest/kafka_security.h"
#include "manifest/server_list.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view kConfigName = "kafka-channel-config";
constexpr std::string_view kKnativeNamespace = "knative-eventing";
constexpr std::string_view kServers = "bootstrap.servers";
constexpr std::string_view kSecretName = "auth.secret.ref.name";
constexpr std::string_view kSecretNamespace = "auth.secret.ref.namespace";

const Resource* find_config(const Resource& owner, Build& build) {
  const Resource* found = build.index.find("ConfigMap", owner.ns, kConfigName);
  if (found == nullptr) found = build.index.find("ConfigMap", kKnativeNamespace, kConfigName);
  return found;
}

void read_entry(const YamlNode::Entry& entry, KafkaSettings& settings, Findings& findings) {
  const std::string& key = entry.key->text;
  if (key == kSecretName || key == kSecretNamespace) return;
  if (key == kServers) {
    auto servers = parse_server_list(entry.value->text);
    if (servers) {
      settings.bootstrap_servers = std::move(servers.value());
    } else {
      findings.error(*entry.value, "'bootstrap.servers': " + servers.error().detail,
                     "e.g. bootstrap.servers: \"127.0.0.1:9092\"");
    }
    return;
  }
  const auto& table = kafka_properties();
  const auto property = std::ranges::find(table, key, &KafkaProperty::name);
  if (property != table.end()) {
    read_kafka_property(*property, *entry.value, settings, findings);
    return;
  }
  if (const std::string_view why = why_not_a_setting(key); !why.empty()) {
    findings.error(*entry.key, in_quotes(key) + " is not a setting of " + std::string(kConfigName),
                   std::string(why));
    return;
  }
  std::vector<std::string_view> known = {kServers, kSecretName, kSecretNamespace};
  std::ranges::copy(kafka_property_names(), std::back_inserter(known));
  findings.error(*entry.key, "unknown key " + in_quotes(key) + " in " + std::string(kConfigName),
                 did_you_mean(key, known, "known keys: " + joined(known)));
}

void read_secret(const YamlNode& data, const Resource& config, Build& build,
                 KafkaSettings& settings) {
  const auto* name = data.find(kSecretName);
  const auto* ns = data.find(kSecretNamespace);
  if (name == nullptr || name->value->is_null()) {
    if (ns != nullptr) {
      build.findings.error(*ns->key, "'auth.secret.ref.namespace' without 'auth.secret.ref.name'",
                           "write the name of the Secret as well");
    }
    return;
  }
  const std::string where = ns == nullptr ? config.ns : ns->value->text;
  const Resource* secret = find_secret({name->value->text, name->value}, where, config, build);
  if (secret != nullptr) read_kafka_secret(*secret, *name->value, settings, build.findings);
}

}  // namespace

KafkaSettings read_kafka_config(const SpecPlace& place, const Resource& owner, Build& build) {
  KafkaSettings settings;
  const std::size_t before = build.findings.errors();
  if (const Resource* config = find_config(owner, build)) {
    const auto* data = config->root->find("data");
    if (data != nullptr && data->value->kind == YamlNode::Kind::mapping) {
      for (const auto& entry : data->value->entries) {
        if (entry.value->kind == YamlNode::Kind::scalar) {
          read_entry(entry, settings, build.findings);
        }
      }
      read_secret(*data->value, *config, build, settings);
      check_kafka_properties(settings, *config->at, build.findings);
    }
  }
  const std::string& given = build.options.kafka_bootstrap_servers;
  if (!given.empty()) settings.bootstrap_servers = given;
  if (settings.bootstrap_servers.empty() && build.findings.errors() == before) {
    build.findings.error(*place.at, "nothing says where Kafka is",
                         "declare the ConfigMap 'kafka-channel-config' with the key "
                         "bootstrap.servers in the namespace '" +
                             owner.ns +
                             "' or 'knative-eventing', or say "
                             "--kafka-bootstrap-servers HOST:PORT");
  }
  return settings;
}

}  // namespace sluice
