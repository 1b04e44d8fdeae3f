#include "channels/kafka_consumer.h"

#include "event/event_record.h"

#include <boost/container/small_vector.hpp>
#include <spdlog/spdlog.h>

#include <atomic>
#include <set>

namespace sluice {
namespace {

// A filter that passes little must not keep the core from others.
constexpr int kPassedOverInARow = 256;

using Fields = boost::container::small_vector<RecordField, 24>;

class KafkaDelivery final : public Delivery {
 public:
  KafkaDelivery(std::shared_ptr<KafkaGroupReader> reader, KafkaTicket ticket, EventPtr event)
      : reader_(std::move(reader)), ticket_(std::move(ticket)), event_(std::move(event)) {}
  ~KafkaDelivery() override {
    if (!is_settled_) reader_->give_back(std::move(ticket_), std::move(event_));
  }
  KafkaDelivery(const KafkaDelivery&) = delete;
  KafkaDelivery& operator=(const KafkaDelivery&) = delete;

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

class KafkaConsumer final : public Consumer {
 public:
  KafkaConsumer(std::shared_ptr<KafkaGroupReader> reader, FilterPtr filter,
                std::function<void()> released)
      : reader_(std::move(reader)), filter_(std::move(filter)), released_(std::move(released)) {}
  ~KafkaConsumer() override {
    reader_->listen(nullptr);
    reader_->start_close();
    released_();
  }
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  DeliveryPtr take() override {
    for (int passed_over = 0; passed_over < kPassedOverInARow; ++passed_over) {
      auto record = reader_->take();
      if (!record) return nullptr;
      EventPtr event = event_of(*record);
      if (event && (!filter_ || record->kept || filter_->matches(*event))) {
        return std::make_unique<KafkaDelivery>(reader_, std::move(record->ticket),
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

 private:
  /// Null where the record is no event.
  EventPtr event_of(const KafkaRecord& record) {
    if (record.kept) return std::static_pointer_cast<const Event>(record.kept);
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

  std::shared_ptr<KafkaGroupReader> reader_;
  const FilterPtr filter_;
  const std::function<void()> released_;
  std::atomic<std::uint64_t> filtered_{0};
  std::set<std::int32_t> reported_;
};

}  // namespace

std::unique_ptr<Consumer> make_kafka_consumer(std::shared_ptr<KafkaGroupReader> reader,
                                              FilterPtr filter, std::function<void()> released) {
  return std::make_unique<KafkaConsumer>(std::move(reader), std::move(filter), std::move(released));
}

}  // namespace sluice
