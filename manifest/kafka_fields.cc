#include "manifest/kafka_fields.h"

#include "base/kafka_topic_spec.h"
#include "manifest/server_list.h"

namespace sluice {

std::string read_server_list(const Value<StringList>& servers, Findings& findings) {
  std::string out;
  bool good = true;
  for (const Value<std::string>& server : *servers) {
    auto parsed = parse_server_list(*server);
    if (parsed) {
      out += (out.empty() ? "" : ",") + parsed.value();
      continue;
    }
    good = false;
    findings.error(*server.node, "'bootstrapServers': " + parsed.error().detail,
                   "e.g. bootstrapServers: [\"127.0.0.1:9092\"]");
  }
  return good ? out : std::string();
}

bool check_topic(const Value<std::string>& topic, Findings& findings) {
  if (check_kafka_topic(*topic)) return true;
  findings.error(*topic.node, in_quotes(*topic) + " cannot be a topic's name",
                 "use letters, digits, '.', '_' and '-', at most 249");
  return false;
}

void put_kafka(const KafkaSettings& settings, nlohmann::json& spec) {
  spec["bootstrapServers"] = settings.bootstrap_servers;
  spec["properties"] = settings.properties;
}

}  // namespace sluice
