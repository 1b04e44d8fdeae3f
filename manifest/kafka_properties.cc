// The properties of librdkafka that the ConfigMap `kafka-channel-config` may set. The bounds are
// those of librdkafka's CONFIGURATION.md; what decides durability and order (acks,
// enable.idempotence, enable.auto.commit, ...) is not among them.

#include "manifest/kafka_properties.h"

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

constexpr std::int64_t kMostInt = 2'147'483'647;
constexpr std::string_view kCompressions[] = {"none", "gzip", "snappy", "lz4", "zstd"};

std::int64_t number_of(const KafkaSettings& settings, const char* name, std::int64_t fallback) {
  const auto found = settings.properties.find(name);
  if (found == settings.properties.end()) return fallback;
  std::int64_t number = fallback;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number;
}

}  // namespace

const std::vector<KafkaProperty>& kafka_properties() {
  static const std::vector<KafkaProperty> properties = {
      {"linger.ms", "How long a batch waits for more events.", 0, 900'000},
      {"compression.type", "Of the batches that are written.", 0, 0, kCompressions},
      {"batch.size", "Bytes of a batch.", 1, kMostInt},
      {"batch.num.messages", "Events of a batch.", 1, 1'000'000},
      {"message.max.bytes", "The largest event.", 1'000, 1'000'000'000},
      {"message.timeout.ms", "How long an event may wait for its acknowledgement; then 503.", 1,
       kMostInt},
      {"delivery.timeout.ms", "The same under Kafka's own name.", 1, kMostInt},
      {"request.timeout.ms", "How long the brokers may take to acknowledge.", 1, 900'000},
      {"queue.buffering.max.messages", "Events that wait to be written; then 429.", 1, 10'000'000},
      {"queue.buffering.max.kbytes", "The same in KiB.", 1, kMostInt},
      {"session.timeout.ms", "After how long a silent process loses its partitions.", 1, 3'600'000},
      {"heartbeat.interval.ms", "How often a process says that it is there.", 1, 3'600'000},
      {"max.poll.interval.ms", "After how long a process that does not read loses them.", 1,
       86'400'000},
      {"fetch.min.bytes", "How much a read waits for.", 1, 100'000'000},
      {"fetch.wait.max.ms", "How long it waits for that.", 0, 300'000},
      {"fetch.max.bytes", "The most that one read brings.", 0, 2'147'483'135},
      {"max.partition.fetch.bytes", "The same of one partition.", 1, 1'000'000'000},
      {"fetch.message.max.bytes", "The same under librdkafka's own name.", 1, 1'000'000'000},
      {"fetch.error.backoff.ms", "How long reading pauses after an error.", 0, 300'000},
      {"queued.min.messages", "Events that are read ahead.", 1, 10'000'000},
      {"queued.max.messages.kbytes", "The same in KiB.", 1, 2'097'151},
      {"socket.timeout.ms", "How long a request may take.", 10, 300'000},
      {"reconnect.backoff.ms", "The first wait before connecting again.", 0, 3'600'000},
      {"reconnect.backoff.max.ms", "The longest.", 0, 3'600'000},
      {"client.id", "What the brokers' logs and quotas call Sluice."},
      {"client.rack", "Where this process is, so that it reads from a replica near to it."},
  };
  return properties;
}

std::vector<std::string_view> kafka_property_names() {
  std::vector<std::string_view> names;
  for (const KafkaProperty& property : kafka_properties()) names.push_back(property.name);
  return names;
}

std::string_view why_not_a_setting(std::string_view name) {
  struct Fixed {
    std::string_view name;
    std::string_view why;
  };
  constexpr std::string_view kAcks = "always all: a 202 means that every in-sync replica has it";
  constexpr std::string_view kOnce =
      "always on: a retry of the producer writes no event twice and changes no order";
  constexpr std::string_view kRetries =
      "a write is retried until message.timeout.ms, which is a setting; then it is a 503";
  constexpr std::string_view kCommit =
      "Sluice commits what is settled and nothing else: else a crash would lose events";
  constexpr std::string_view kReset =
      "a new Trigger begins at the end of its channel, a KafkaSource where its initialOffset says; "
      "a gap is told, not jumped over in silence";
  constexpr std::string_view kGroup = "made of the names of the resources, so that it stays";
  constexpr std::string_view kKeys = "fixed: who reads what depends on it, and order";
  constexpr std::string_view kSecret = "stands in the Secret that auth.secret.ref.name names";
  static constexpr Fixed kFixed[] = {
      {"acks", kAcks},
      {"request.required.acks", kAcks},
      {"enable.idempotence", kOnce},
      {"max.in.flight", kOnce},
      {"max.in.flight.requests.per.connection", kOnce},
      {"retries", kRetries},
      {"message.send.max.retries", kRetries},
      {"enable.auto.commit", kCommit},
      {"auto.commit.enable", kCommit},
      {"auto.commit.interval.ms", kCommit},
      {"enable.auto.offset.store", kCommit},
      {"auto.offset.reset", kReset},
      {"group.id", kGroup},
      {"partitioner", kKeys},
      {"partition.assignment.strategy", kKeys},
      {"security.protocol", kSecret},
  };
  const auto* const found = std::ranges::find(kFixed, name, &Fixed::name);
  if (found != std::end(kFixed)) return found->why;
  return name.starts_with("sasl.") || name.starts_with("ssl.") ? kSecret : std::string_view();
}

bool read_kafka_property(const KafkaProperty& property, const YamlNode& node,
                         KafkaSettings& settings, Findings& findings) {
  const std::string name(property.name);
  if (!property.words.empty()) {
    const std::vector<std::string_view> words(property.words.begin(), property.words.end());
    if (std::ranges::find(words, node.text) == words.end()) {
      findings.error(node,
                     "'" + name + "' wants " + one_of(words) + ", not " + in_quotes(node.text),
                     did_you_mean(node.text, words));
      return false;
    }
  } else if (property.max > 0) {
    std::int64_t number = -1;
    const char* const end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, number);
    if (error != std::errc() || stop != end || number < property.min || number > property.max) {
      findings.error(node,
                     "'" + name + "' wants a whole number from " + std::to_string(property.min) +
                         " to " + std::to_string(property.max) + ", not " + in_quotes(node.text),
                     std::string(property.about));
      return false;
    }
  }
  settings.properties[name] = node.text;
  return true;
}

void check_kafka_properties(const KafkaSettings& settings, const YamlNode& at, Findings& findings) {
  constexpr std::int64_t kSession = 6'000;  // Sluice's defaults (base/kafka_member.cc).
  constexpr std::int64_t kHeartbeat = 2'000;
  constexpr std::int64_t kPoll = 300'000;
  const std::int64_t session = number_of(settings, "session.timeout.ms", kSession);
  if (number_of(settings, "heartbeat.interval.ms", kHeartbeat) >= session) {
    findings.error(at, "'heartbeat.interval.ms' is not below 'session.timeout.ms'",
                   "a third of it is usual");
  }
  if (number_of(settings, "max.poll.interval.ms", kPoll) < session) {
    findings.error(at, "'max.poll.interval.ms' is below 'session.timeout.ms'",
                   "librdkafka refuses that; raise the one or lower the other");
  }
  for (const auto& [one, other] :
       {std::pair{"message.timeout.ms", "delivery.timeout.ms"},
        std::pair{"max.partition.fetch.bytes", "fetch.message.max.bytes"}}) {
    if (!settings.properties.contains(one) || !settings.properties.contains(other)) continue;
    findings.error(at, "'" + std::string(one) + "' and '" + other + "' are the same property",
                   "leave one of the two out");
  }
}

}  // namespace sluice
