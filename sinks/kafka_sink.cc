// KafkaSink (eventing.knative.dev/v1alpha1): writes events to a topic and answers 202 when all
// in-sync replicas have them. Never replies. CloudEvents' Kafka protocol binding 1.0.2;
// `partitionkey` is the record's key.
//
//   topic              the topic
//   bootstrapServers   "host:port,host:port"
//   contentMode        binary (default) or structured
//   numPartitions, replicationFactor   where one is given, the topic is made if it is not there
//   properties         librdkafka's own: security and tuning

#include "base/kafka_fields.h"
#include "base/kafka_producer.h"
#include "base/kafka_topic.h"
#include "event/event_json.h"
#include "event/event_record.h"
#include "sinks/sink.h"

#include <map>
#include <mutex>

namespace sluice {
namespace {

constexpr int kMostPartitions = 10'000;
constexpr int kMostReplicas = 100;
constexpr std::string_view kHopsField = "ce_knativebrokerttl";

struct KafkaSinkSettings {
  KafkaSettings client;
  KafkaTopicSpec topic;
  bool makes_topic = false;
  bool is_structured = false;
};

Result<KafkaSinkSettings> read_settings(const nlohmann::json& spec) {
  SLUICE_TRY(check_kafka_fields(spec, "KafkaSink",
                                {"topic", "bootstrapServers", "contentMode", "numPartitions",
                                 "replicationFactor", "properties"}));
  KafkaSinkSettings settings;
  SLUICE_TRY(settings.client, read_kafka_settings(spec));
  SLUICE_TRY(KafkaProducer::check(settings.client));
  SLUICE_TRY(const auto topic, read_kafka_text(spec, "topic"));
  settings.topic.name = topic.value_or("");
  const auto valid = check_kafka_topic(settings.topic.name);
  if (!valid) return fail(Errc::invalid_argument, "topic: " + valid.error().detail);
  SLUICE_TRY(const auto mode, read_kafka_text(spec, "contentMode"));
  if (mode && *mode != "binary" && *mode != "structured") {
    return fail(Errc::invalid_argument,
                "contentMode: '" + *mode + "' is neither binary nor structured");
  }
  settings.is_structured = mode == "structured";
  SLUICE_TRY(const auto partitions, read_kafka_count(spec, "numPartitions", kMostPartitions));
  SLUICE_TRY(const auto replication, read_kafka_count(spec, "replicationFactor", kMostReplicas));
  settings.makes_topic = partitions || replication;
  settings.topic.partitions = partitions.value_or(1);
  settings.topic.replication = replication.value_or(1);
  return settings;
}

class KafkaSink final : public Sink {
 public:
  KafkaSink(std::string url, KafkaSinkSettings settings)
      : url_(std::move(url)), settings_(std::move(settings)) {}
  ~KafkaSink() override {
    if (topic_) topic_->close();
  }
  KafkaSink(const KafkaSink&) = delete;
  KafkaSink& operator=(const KafkaSink&) = delete;

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override {
    auto written = co_await write(*event, deadline);
    Attempt attempt;
    attempt.status = 202;
    if (written) co_return attempt;
    attempt = failed_attempt(written.error());
    // As a subscriber's silence.
    if (written.error().code == Errc::deadline_exceeded) attempt.status = 0;
    co_return attempt;
  }

  const std::string& url() const noexcept override { return url_; }

 private:
  Task<void> write(const Event& event, Deadline deadline) {
    SLUICE_CO_TRY(const auto producer, producer_here());
    if (settings_.makes_topic) {
      SLUICE_CO_TRY(const auto topic, topic_gate());
      SLUICE_CO_TRY(co_await topic->wait(*Core::current(), deadline));
    }
    EventRecord record = record_of(event);
    std::string json;
    if (settings_.is_structured) make_structured(event, record, json);
    KafkaOutgoing outgoing(record.fields.size());
    outgoing.topic = settings_.topic.name;
    outgoing.key = record.key;
    outgoing.value = record.data;
    for (const RecordField& field : record.fields) {
      if (field.name != kHopsField) outgoing.headers.add(field.name, field.value);
    }
    SLUICE_CO_TRY(co_await producer->produce(outgoing, deadline));
    co_return boost::outcome_v2::success();
  }

  static void make_structured(const Event& event, EventRecord& record, std::string& json) {
    append_event_json(event, HopCount::omit, json);
    record.fields.clear();
    record.fields.push_back({"content-type", "application/cloudevents+json"});
    event.for_each_header([&](const PassedHeader& header) {
      record.fields.push_back({header.name, header.value});
    });
    record.data = json;
  }

  Result<std::shared_ptr<KafkaProducer>> producer_here() {
    Core* const core = Core::current();
    const std::lock_guard lock(mutex_);
    std::shared_ptr<KafkaProducer>& known = producers_[core];
    if (!known) {
      SLUICE_TRY(known, KafkaProducer::of(*core, settings_.client));
    }
    return known;
  }

  Result<std::shared_ptr<KafkaTopicGate>> topic_gate() {
    const std::lock_guard lock(mutex_);
    if (!topic_) {
      SLUICE_TRY(topic_, KafkaTopicGate::open(settings_.client, settings_.topic));
    }
    return topic_;
  }

  const std::string url_;
  const KafkaSinkSettings settings_;
  std::mutex mutex_;  // Guards what follows; see broker/LOCKS.md.
  std::map<Core*, std::shared_ptr<KafkaProducer>> producers_;
  std::shared_ptr<KafkaTopicGate> topic_;
};

}  // namespace

Result<SinkPtr> make_kafka_sink(const SinkSpec& spec, std::string url) {
  SLUICE_TRY(KafkaSinkSettings settings, read_settings(spec.spec));
  return std::make_shared<KafkaSink>(std::move(url), std::move(settings));
}

}  // namespace sluice
