#pragma once

#include "base/assert.h"
#include "base/redis_stream_reader.h"
#include "channels/consumer.h"

#include <boost/asio/post.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace sluice {

/// What a consumer over a RedisStreamReader hands out, for the channel and for the source: keeps
/// what comes back unsettled, first in line, and tells the listener. Shared with the deliveries
/// that are out, which may outlive the consumer. Used on the reader's core.
class RedisDeliveries : public std::enable_shared_from_this<RedisDeliveries> {
 public:
  /// One event to deliver.
  struct Item {
    EventPtr event;
    RedisEntryId id;
    std::uint32_t attempt = 1;
  };

  /// The reader calls arrived() through its options, so it is made after this object.
  void read_from(std::shared_ptr<RedisStreamReader> reader) { reader_ = std::move(reader); }
  [[nodiscard]] RedisStreamReader& reader() const noexcept { return *reader_; }

  void listen(ConsumerListener* listener) { listener_ = listener; }

  /// What came back first; else the next entry for which `decode` makes an event. It acks the
  /// others. Null while there is none, and then the listener is told of the next.
  template <typename Decode>
  DeliveryPtr take(const Decode& decode) {
    if (reader_->is_closing()) return nullptr;
    while (!returned_.empty()) {
      Item item = returned_.pop_front();
      if (!reader_->is_lost(item.id)) return hand_out(std::move(item));
    }
    while (const std::optional<RedisEntry> entry = reader_->take()) {
      EventPtr event = decode(*entry);
      if (event) return hand_out(Item{std::move(event), entry->id, entry->attempt});
      reader_->ack(entry->id);
    }
    wake_wanted_ = true;
    return nullptr;
  }

  /// There may be something to take.
  void arrived() {
    if (!std::exchange(wake_wanted_, false)) return;
    boost::asio::post(reader_->core().executor(), [self = shared_from_this()] {
      if (self->listener_ != nullptr) self->listener_->on_ready();
    });
  }

 private:
  class Handed final : public Delivery {
   public:
    Handed(Item item, std::shared_ptr<RedisDeliveries> owner)
        : item_(std::move(item)), owner_(std::move(owner)) {}
    ~Handed() override {
      if (!acked_) owner_->give_back(std::move(item_));
    }
    Handed(const Handed&) = delete;
    Handed& operator=(const Handed&) = delete;

    const EventPtr& event() const noexcept override { return item_.event; }
    std::uint32_t attempt() const noexcept override { return item_.attempt; }
    void ack() noexcept override {
      if (!std::exchange(acked_, true)) owner_->reader_->ack(item_.id);
    }
    bool is_lost() const noexcept override { return !acked_ && owner_->reader_->is_lost(item_.id); }

   private:
    Item item_;
    std::shared_ptr<RedisDeliveries> owner_;
    bool acked_ = false;
  };

  DeliveryPtr hand_out(Item item) {
    return std::make_unique<Handed>(std::move(item), shared_from_this());
  }

  void give_back(Item item) {
    if (reader_->is_closing() || reader_->is_lost(item.id)) return;
    ++item.attempt;
    returned_.push_front(std::move(item));
    arrived();
  }

  std::shared_ptr<RedisStreamReader> reader_;
  ConsumerListener* listener_ = nullptr;
  RingQueue<Item> returned_;
  bool wake_wanted_ = false;
};

}  // namespace sluice
