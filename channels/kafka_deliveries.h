#pragma once

#include "base/kafka_group_reader.h"
#include "channels/consumer.h"
#include "filter/filter.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace sluice {

/// What a consumer over a KafkaGroupReader hands out, for the channel and for the source: the
/// records that are events and pass the filter. The others are settled and counted. Used on the
/// reader's core, but for filtered(). Going, it lets the reader leave its group.
class KafkaDeliveries {
 public:
  KafkaDeliveries(std::shared_ptr<KafkaGroupReader> reader, FilterPtr filter)
      : reader_(std::move(reader)), filter_(std::move(filter)) {}
  ~KafkaDeliveries() {
    reader_->listen(nullptr);
    reader_->start_close();
  }
  KafkaDeliveries(const KafkaDeliveries&) = delete;
  KafkaDeliveries& operator=(const KafkaDeliveries&) = delete;

  [[nodiscard]] KafkaGroupReader& reader() const noexcept { return *reader_; }

  void listen(ConsumerListener& listener) {
    reader_->listen([&listener] { listener.on_ready(); });
  }

  /// `decode` makes an event of a KafkaRecord that was not handed out before; null: it is none.
  template <typename Decode>
  DeliveryPtr take(const Decode& decode) {
    for (int passed_over = 0; passed_over < kPassedOverInARow; ++passed_over) {
      auto record = reader_->take();
      if (!record) return nullptr;
      const bool again = record->kept != nullptr;
      EventPtr event =
          again ? std::static_pointer_cast<const Event>(record->kept) : decode(*record);
      if (event && (again || !filter_ || filter_->matches(*event))) {
        return std::make_unique<Handed>(reader_, std::move(record->ticket), std::move(event));
      }
      filtered_.fetch_add(1, std::memory_order_relaxed);
      reader_->settle(record->ticket);
    }
    reader_->yield();
    return nullptr;
  }

  [[nodiscard]] std::uint64_t filtered() const noexcept {
    return filtered_.load(std::memory_order_relaxed);
  }

 private:
  class Handed final : public Delivery {
   public:
    Handed(std::shared_ptr<KafkaGroupReader> reader, KafkaTicket ticket, EventPtr event)
        : reader_(std::move(reader)), ticket_(std::move(ticket)), event_(std::move(event)) {}
    ~Handed() override {
      if (!is_settled_) reader_->give_back(std::move(ticket_), std::move(event_));
    }
    Handed(const Handed&) = delete;
    Handed& operator=(const Handed&) = delete;

    const EventPtr& event() const noexcept override { return event_; }
    std::uint32_t attempt() const noexcept override { return ticket_.attempt; }
    void ack() noexcept override {
      if (!std::exchange(is_settled_, true)) reader_->settle(ticket_);
    }
    bool is_lost() const noexcept override { return ticket_.partition->is_lost(); }

   private:
    std::shared_ptr<KafkaGroupReader> reader_;
    KafkaTicket ticket_;
    EventPtr event_;
    bool is_settled_ = false;
  };

  // A filter that passes little must not keep the core from others.
  static constexpr int kPassedOverInARow = 256;

  const std::shared_ptr<KafkaGroupReader> reader_;
  const FilterPtr filter_;
  std::atomic<std::uint64_t> filtered_{0};
};

}  // namespace sluice
