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
#include "base/kafka_topic.h"
#include "sources/kafka_event.h"
#include "sources/source.h"

#include <boost/container/small_vector.hpp>

#include <atomic>

namespace sluice {
namespace {

// A filter that passes little must not keep the core from others.
constexpr int kPassedOverInARow = 256;

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

class KafkaSourceDelivery final : public Delivery {
 public:
  KafkaSourceDelivery(std::shared_ptr<KafkaGroupReader> reader, KafkaTicket ticket, EventPtr event)
      : reader_(std::move(reader)), ticket_(std::move(ticket)), event_(std::move(event)) {}
  ~KafkaSourceDelivery() override {
    if (!is_settled_) reader_->give_back(std::move(ticket_), std::move(event_));
  }
  KafkaSourceDelivery(const KafkaSourceDelivery&) = delete;
  KafkaSourceDelivery& operator=(const KafkaSourceDelivery&) = delete;

  const EventPtr& event() const noexcept override { return event_; }
  std::uint32_t attempt() const noexcept override { return ticket_.attempt; }
  void ack() noexcept override {
    if (!is_settled_) reader_->settle(ticket_);
    is_settled_ = true;
  }
  bool is_lost() const noexcept override { return ticket_.partition->is_lost(); }

 private:
  std::shared_ptr<KafkaGroupReader> reader_;
  KafkaTicket ticket_;
  EventPtr event_;
  bool is_settled_ = false;
};

class KafkaSource final : public Reader {
 public:
  KafkaSource(std::shared_ptr<KafkaGroupReader> reader, KafkaEventFormat format, FilterPtr filter)
      : reader_(std::move(reader)), format_(std::move(format)), filter_(std::move(filter)) {}
  ~KafkaSource() override {
    reader_->listen(nullptr);
    reader_->start_close();
  }
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  DeliveryPtr take() override {
    for (int passed_over = 0; passed_over < kPassedOverInARow; ++passed_over) {
      auto record = reader_->take();
      if (!record) return nullptr;
      EventPtr event =
          record->kept ? std::static_pointer_cast<const Event>(record->kept) : event_of(*record);
      if (!filter_ || record->kept || filter_->matches(*event)) {
        return std::make_unique<KafkaSourceDelivery>(reader_, std::move(record->ticket),
                                                     std::move(event));
      }
      filtered_.fetch_add(1, std::memory_order_relaxed);
      reader_->settle(record->ticket);
    }
    reader_->yield();
    return nullptr;
  }

  void listen(ConsumerListener& listener) override {
    reader_->listen([&listener] { listener.on_ready(); });
  }

  std::uint64_t filtered() const noexcept override {
    return filtered_.load(std::memory_order_relaxed);
  }

  std::string trouble() const override { return reader_->trouble(); }

  Awaitable<void> close() override { co_await reader_->close(); }

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

  std::shared_ptr<KafkaGroupReader> reader_;
  const KafkaEventFormat format_;
  const FilterPtr filter_;
  std::atomic<std::uint64_t> filtered_{0};
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
