#include "channels/kafka_consumer.h"

#include "channels/kafka_deliveries.h"
#include "event/event_record.h"

#include <boost/container/small_vector.hpp>
#include <spdlog/spdlog.h>

#include <set>

namespace sluice {
namespace {

using Fields = boost::container::small_vector<RecordField, 24>;

class KafkaConsumer final : public Consumer {
 public:
  KafkaConsumer(std::shared_ptr<KafkaGroupReader> reader, FilterPtr filter,
                std::function<void()> released)
      : released_(std::move(released)), deliveries_(std::move(reader), std::move(filter)) {}
  ~KafkaConsumer() override {
    deliveries_.reader().start_close();  // Before the name is free for another.
    released_();
  }
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  DeliveryPtr take() override {
    return deliveries_.take([this](const KafkaRecord& record) { return event_of(record); });
  }
  void listen(ConsumerListener& listener) override { deliveries_.listen(listener); }
  std::uint64_t filtered() const noexcept override { return deliveries_.filtered(); }

 private:
  /// Null where the record is no event.
  EventPtr event_of(const KafkaRecord& record) {
    Fields fields;
    record.for_each_header([&](std::string_view name, std::string_view value) {
      fields.push_back({name, value});
    });
    auto event = event_from_record({fields.data(), fields.size()}, record.value());
    if (event) return std::move(event).value();
    const KafkaPartition& partition = *record.ticket.partition;
    if (reported_.emplace(partition.number).second) {
      spdlog::warn(
          "kafka.no_event topic={} partition={} offset={} error=\"{}\" note=\"passed over, and "
          "others of this partition without a word\"",
          partition.topic, partition.number, record.ticket.offset, event.error().detail);
    }
    return nullptr;
  }

  const std::function<void()> released_;
  KafkaDeliveries deliveries_;
  std::set<std::int32_t> reported_;
};

}  // namespace

std::unique_ptr<Consumer> make_kafka_consumer(std::shared_ptr<KafkaGroupReader> reader,
                                              FilterPtr filter, std::function<void()> released) {
  return std::make_unique<KafkaConsumer>(std::move(reader), std::move(filter), std::move(released));
}

}  // namespace sluice
