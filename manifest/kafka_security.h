#pragma once

#include "base/kafka_settings.h"
#include "manifest/secrets.h"

namespace sluice {

/// How Kafka's brokers are talked to, as a KafkaSource says it in `spec.net`.
struct KafkaSaslFields {
  Value<bool> enable;
  Value<SecretKeyRefFields> user;
  Value<SecretKeyRefFields> password;
  Value<SecretKeyRefFields> type;
};

struct KafkaTlsFields {
  Value<bool> enable;
  Value<SecretKeyRefFields> cert;
  Value<SecretKeyRefFields> key;
  Value<SecretKeyRefFields> ca_cert;
};

struct KafkaNetFields {
  Value<KafkaSaslFields> sasl;
  Value<KafkaTlsFields> tls;
};

template <>
const Shape<KafkaNetFields>& shape_of();

/// Sets what `net` says as librdkafka's properties.
void read_kafka_net(const Value<KafkaNetFields>& net, const Resource& owner, Build& build,
                    KafkaSettings& settings);

/// Sets what a Secret in the form of Knative's Kafka broker says: `protocol`, `sasl.mechanism`,
/// `user`, `password`, `ca.crt`, `user.crt`, `user.key`, `user.skip`. What lacks is reported at
/// `at`, where the Secret is referred to.
void read_kafka_secret(const Resource& secret, const YamlNode& at, KafkaSettings& settings,
                       Findings& findings);

}  // namespace sluice
