// KafkaSource (sources.knative.dev/v1): reads topics as a member of a consumer group. A record is
// settled when the sink took its event, so the group's position survives restarts.
//
//   bootstrapServers   "host:port,host:port"
//   topics             names, at least one; waited for where they are not there
//   consumerGroup      knative-kafka-source-NAMESPACE-NAME if absent
//   initialOffset      latest (default) or earliest: where a group begins that has no position
//   keyType            string (default), int, float or byte-array
//   properties         librdkafka's own: security and tuning

#include "base/kafka_fields.h"
#include "base/kafka_group_reader.h"
#include "base/kafka_topic_spec.h"
#include "channels/kafka_deliveries.h"
#include "sources/kafka_event.h"
#include "sources/source.h"

#include <boost/container/small_vector.hpp>

namespace sluice {
namespace {

struct KafkaSourceSettings {
  KafkaReaderOptions reading;
  KafkaEventFormat format;
};

Result<std::vector<std::string>> read_topics(const nlohmann::json& spec) {
  std::vector<std::string> topics;
  const auto found = spec.find("topics");
  if (found == spec.end() || !found->is_array() || found->empty()) {
    return fail(Errc::invalid_argument, "topics: name at least one, as in [orders]");
  }
  for (const auto& topic : *found) {
    if (!topic.is_string()) return fail(Errc::invalid_argument, "topics: no string");
    const auto valid = check_kafka_topic(topic.get<std::string>());
    if (!valid) return fail(Errc::invalid_argument, "topics: " + valid.error().detail);
    topics.push_back(topic.get<std::string>());
  }
  return topics;
}

Result<KafkaInitial> read_initial(const nlohmann::json& spec) {
  SLUICE_TRY(const auto text, read_kafka_text(spec, "initialOffset"));
  if (!text || *text == "latest") return KafkaInitial::end;
  if (*text == "earliest") return KafkaInitial::beginning;
  return fail(Errc::invalid_argument,
              "initialOffset: '" + *text + "' is neither latest nor earliest");
}

Result<KafkaSourceSettings> read_settings(const SourceSpec& spec) {
  SLUICE_TRY(check_kafka_fields(
      spec.spec, "KafkaSource",
      {"bootstrapServers", "topics", "consumerGroup", "initialOffset", "keyType", "properties"}));
  KafkaSourceSettings settings;
  SLUICE_TRY(settings.reading.settings, read_kafka_settings(spec.spec));
  SLUICE_TRY(settings.reading.name.topics, read_topics(spec.spec));
  SLUICE_TRY(settings.reading.name.initial, read_initial(spec.spec));
  SLUICE_TRY(const auto group, read_kafka_text(spec.spec, "consumerGroup"));
  settings.reading.name.group =
      group && !group->empty() ? *group : "knative-kafka-source-" + spec.ns + "-" + spec.name;
  SLUICE_TRY(const auto key_type, read_kafka_text(spec.spec, "keyType"));
  const auto known = parse_kafka_key_type(key_type.value_or("string"));
  if (!known) return fail(Errc::invalid_argument, "keyType: " + known.error().detail);
  settings.format.key_type = known.value();
  settings.format.source = "/apis/v1/namespaces/" + spec.ns + "/kafkasources/" + spec.name;
  settings.format.overrides = spec.ce_overrides;
  return settings;
}

class KafkaSource final : public Reader {
 public:
  KafkaSource(std::shared_ptr<KafkaGroupReader> reader, KafkaEventFormat format, FilterPtr filter)
      : format_(std::move(format)), deliveries_(std::move(reader), std::move(filter)) {}

  DeliveryPtr take() override {
    return deliveries_.take([this](const KafkaRecord& record) { return event_of(record); });
  }
  void listen(ConsumerListener& listener) override { deliveries_.listen(listener); }
  std::uint64_t filtered() const noexcept override { return deliveries_.filtered(); }
  std::string trouble() const override { return deliveries_.reader().trouble(); }
  Awaitable<void> close() override { co_await deliveries_.reader().close(); }

 private:
  EventPtr event_of(const KafkaRecord& record) const {
    boost::container::small_vector<RecordField, 16> fields;
    record.for_each_header([&](std::string_view name, std::string_view value) {
      fields.push_back({name, value});
    });
    KafkaSourceRecord read;
    read.topic = record.ticket.partition->topic;
    read.partition = record.ticket.partition->number;
    read.offset = record.ticket.offset;
    read.timestamp_ms = record.timestamp_ms();
    read.key = record.key();
    read.value = record.value();
    read.fields = {fields.data(), fields.size()};
    return event_of_kafka_record(read, format_);
  }

  const KafkaEventFormat format_;
  KafkaDeliveries deliveries_;
};

}  // namespace

Result<std::unique_ptr<Reader>> make_kafka_source(const SourceSpec& spec,
                                                  const ConsumerOptions& options) {
  SLUICE_TRY(KafkaSourceSettings settings, read_settings(spec));
  SLUICE_TRY(auto reader, KafkaGroupReader::open(*options.core, std::move(settings.reading)));
  return std::make_unique<KafkaSource>(std::move(reader), std::move(settings.format),
                                       options.filter);
}

}  // namespace sluice
