// TLS and SASL of Kafka, from Knative's two forms to librdkafka's properties. `net` is that of
// sources.knative.dev/v1 KafkaSource; the Secret that of Knative's Kafka broker, channel and sink.

#include "manifest/kafka_security.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 3> kMechanisms = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
constexpr std::array<std::string_view, 4> kProtocols = {"PLAINTEXT", "SASL_PLAINTEXT", "SSL",
                                                        "SASL_SSL"};

bool is_one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

std::string words_of_list(std::span<const std::string_view> words) {
  return one_of(std::vector<std::string_view>(words.begin(), words.end()));
}

// What a Secret has under the first of `keys` that it has; nullopt where it has none or it is
// empty.
std::optional<std::string> first_of(const Resource& secret,
                                    std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    auto value = secret_value(secret, key);
    if (value && !value->empty()) return value;
  }
  return std::nullopt;
}

// Reports what lacks of one Secret.
struct Wanted {
  const Resource& secret;
  const YamlNode& at;
  KafkaSettings& settings;
  Findings& findings;

  void lacks(std::string_view key, std::string_view why) const {
    findings.error(at,
                   secret.title() + " has no '" + std::string(key) + "', which " + std::string(why),
                   secret_keys_hint(secret));
  }

  void take(const char* property, std::initializer_list<std::string_view> keys,
            std::string_view why) const {
    if (auto value = first_of(secret, keys)) {
      settings.properties[property] = std::move(*value);
    } else {
      lacks(*keys.begin(), why);
    }
  }
};

void read_secret_sasl(const Wanted& wanted, std::string_view why) {
  wanted.take("sasl.username", {"user", "username"}, why);
  wanted.take("sasl.password", {"password"}, why);
  const auto mechanism = first_of(wanted.secret, {"sasl.mechanism", "sasltype", "saslType"});
  if (!mechanism) {
    wanted.lacks("sasl.mechanism", why);
  } else if (!is_one_of(*mechanism, kMechanisms)) {
    wanted.findings.error(wanted.at, wanted.secret.title() + ": its 'sasl.mechanism' is not " +
                                         words_of_list(kMechanisms));
  } else {
    wanted.settings.properties["sasl.mechanism"] = *mechanism;
  }
}

void read_secret_tls(const Wanted& wanted) {
  if (auto ca = first_of(wanted.secret, {"ca.crt"})) {
    wanted.settings.properties["ssl.ca.pem"] = std::move(*ca);
  }
  const auto skip = first_of(wanted.secret, {"user.skip"});
  if (skip && *skip == "true") return;
  const bool certificate = first_of(wanted.secret, {"user.crt"}).has_value();
  const bool key = first_of(wanted.secret, {"user.key"}).has_value();
  if (!certificate && !key) return;
  wanted.take("ssl.certificate.pem", {"user.crt"}, "its 'user.key' belongs to");
  wanted.take("ssl.key.pem", {"user.key"}, "its 'user.crt' needs");
}

void take(const char* property, const Value<SecretKeyRefFields>& field, const Resource& owner,
          Build& build, KafkaSettings& settings) {
  if (auto value = read_secret_key(field, owner, build)) {
    settings.properties[property] = std::move(*value);
  }
}

// What an API server writes for a field that its owner left out.
bool is_empty(const YamlNode& node) {
  return node.kind == YamlNode::Kind::mapping && node.entries.empty();
}

bool is_given(const Value<SecretKeyRefFields>& field) { return field && !is_empty(*field.node); }

// Whether a part of `net` is switched on; says so where it has fields and is not.
template <typename T>
bool is_enabled(const Value<T>& part, std::string_view name, Findings& findings) {
  if (!part) return false;
  if (part->enable && *part->enable) return true;
  const bool others = std::ranges::any_of(part.node->entries, [](const YamlNode::Entry& entry) {
    return entry.key->text != "enable" && !entry.value->is_null() && !is_empty(*entry.value);
  });
  if (others) {
    findings.warning(*part.node, "'" + std::string(name) + "' has no effect: it is not switched on",
                     "add enable: true to it");
  }
  return false;
}

void read_net_sasl(const Value<KafkaSaslFields>& sasl, const Resource& owner, Build& build,
                   KafkaSettings& settings) {
  for (const char* key : {"user", "password"}) {
    const auto* entry = sasl.node->find(key);
    if (entry != nullptr && !entry->value->is_null() && !is_empty(*entry->value)) continue;
    build.findings.error(*sasl.node, "'sasl' wants '" + std::string(key) + "'",
                         std::string(key) + ": {secretKeyRef: {name: SECRET, key: KEY}}");
  }
  take("sasl.username", sasl->user, owner, build, settings);
  take("sasl.password", sasl->password, owner, build, settings);
  settings.properties["sasl.mechanism"] = "PLAIN";
  take("sasl.mechanism", sasl->type, owner, build, settings);
  if (!is_one_of(settings.properties["sasl.mechanism"], kMechanisms)) {
    build.findings.error(*sasl->type.node,
                         "the 'type' of 'sasl' is not " + words_of_list(kMechanisms));
  }
}

void read_net_tls(const Value<KafkaTlsFields>& tls, const Resource& owner, Build& build,
                  KafkaSettings& settings) {
  take("ssl.ca.pem", tls->ca_cert, owner, build, settings);
  take("ssl.certificate.pem", tls->cert, owner, build, settings);
  take("ssl.key.pem", tls->key, owner, build, settings);
  if (is_given(tls->cert) != is_given(tls->key)) {
    build.findings.error(*tls.node, "'tls' wants both of 'cert' and 'key', or neither");
  }
}

}  // namespace

void read_kafka_net(const Value<KafkaNetFields>& net, const Resource& owner, Build& build,
                    KafkaSettings& settings) {
  if (!net) return;
  const bool sasl = is_enabled(net->sasl, "sasl", build.findings);
  const bool tls = is_enabled(net->tls, "tls", build.findings);
  if (sasl) read_net_sasl(net->sasl, owner, build, settings);
  if (tls) read_net_tls(net->tls, owner, build, settings);
  if (sasl || tls) {
    settings.properties["security.protocol"] = sasl ? (tls ? "SASL_SSL" : "SASL_PLAINTEXT") : "SSL";
  }
}

void read_kafka_secret(const Resource& secret, const YamlNode& at, KafkaSettings& settings,
                       Findings& findings) {
  const Wanted wanted{secret, at, settings, findings};
  const auto protocol = first_of(secret, {"protocol"});
  if (!protocol) {
    wanted.lacks("protocol", "is " + words_of_list(kProtocols));
    return;
  }
  if (!is_one_of(*protocol, kProtocols)) {
    findings.error(at, secret.title() + ": its 'protocol' is not " + words_of_list(kProtocols));
    return;
  }
  settings.properties["security.protocol"] = *protocol;
  if (protocol->starts_with("SASL"))
    read_secret_sasl(wanted, "the protocol " + *protocol + " needs");
  if (protocol->ends_with("SSL")) read_secret_tls(wanted);
}

template <>
const Shape<KafkaSaslFields>& shape_of() {
  using Fields = KafkaSaslFields;
  static const Shape<Fields> shape(
      "sasl",
      {
          field<&Fields::enable>({"enable", "Whether to log in.", false, "false"}),
          field<&Fields::user>({"user", "The user."}),
          field<&Fields::password>({"password", "The password."}),
          field<&Fields::type>({"type", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.", false, "PLAIN"}),
      });
  return shape;
}

template <>
const Shape<KafkaTlsFields>& shape_of() {
  using Fields = KafkaTlsFields;
  static const Shape<Fields> shape(
      "tls", {
                 field<&Fields::enable>({"enable", "Whether to use TLS.", false, "false"}),
                 field<&Fields::cert>({"cert", "The certificate to show, in PEM."}),
                 field<&Fields::key>({"key", "Its key, in PEM."}),
                 field<&Fields::ca_cert>({"caCert",
                                          "Who may have signed the brokers' certificates, "
                                          "in PEM.",
                                          false, "those the system trusts"}),
             });
  return shape;
}

template <>
const Shape<KafkaNetFields>& shape_of() {
  static const Shape<KafkaNetFields> shape(
      "net", {
                 field<&KafkaNetFields::sasl>({"sasl", "How to log in.", false, "no login"}),
                 field<&KafkaNetFields::tls>({"tls", "Encryption.", false, "none"}),
             });
  return shape;
}

}  // namespace sluice
