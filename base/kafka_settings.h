#pragma once

#include <map>
#include <string>

namespace sluice {

/// How a Kafka cluster is reached. Data only: any build can read it from a manifest.
struct KafkaSettings {
  std::string bootstrap_servers;  ///< "host:port,host:port"
  /// librdkafka's own properties by name: security (security.protocol, sasl.*, ssl.*.pem, ...) and
  /// tuning (linger.ms, compression.type, ...). Secrets are among them: never logged.
  std::map<std::string, std::string> properties;

  friend auto operator<=>(const KafkaSettings&, const KafkaSettings&) = default;
};

}  // namespace sluice
