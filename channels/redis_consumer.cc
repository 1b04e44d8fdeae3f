#include "channels/redis_consumer.h"

#include "event/event_redis.h"

#include <spdlog/spdlog.h>

#include <atomic>

namespace sluice {
namespace {

class RedisConsumer final : public Consumer {
 public:
  RedisConsumer(std::shared_ptr<RedisDeliveries> deliveries, std::string stream, FilterPtr filter,
                std::function<void()> released)
      : deliveries_(std::move(deliveries)),
        stream_(std::move(stream)),
        filter_(std::move(filter)),
        released_(std::move(released)) {}
  ~RedisConsumer() override {
    deliveries_->listen(nullptr);
    released_();
  }
  RedisConsumer(const RedisConsumer&) = delete;
  RedisConsumer& operator=(const RedisConsumer&) = delete;

  DeliveryPtr take() override {
    return deliveries_->take([this](const RedisEntry& entry) { return wanted(entry); });
  }

  void listen(ConsumerListener& listener) override { deliveries_->listen(&listener); }

  std::uint64_t filtered() const noexcept override {
    return filtered_.load(std::memory_order_relaxed);
  }

 private:
  /// The event of an entry, where it is one and passes the filter.
  EventPtr wanted(const RedisEntry& entry) {
    auto event = event_from_entry(entry.fields);
    if (!event) {
      spdlog::warn("redis.entry_is_no_event stream={} id={} error=\"{}\"", stream_,
                   to_string(entry.id), event.error().detail);
      return nullptr;
    }
    if (!filter_ || filter_->matches(*event.value())) return std::move(event).value();
    filtered_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }

  const std::shared_ptr<RedisDeliveries> deliveries_;
  const std::string stream_;
  const FilterPtr filter_;
  const std::function<void()> released_;
  std::atomic<std::uint64_t> filtered_{0};
};

}  // namespace

std::unique_ptr<Consumer> make_redis_consumer(std::shared_ptr<RedisDeliveries> deliveries,
                                              std::string stream, FilterPtr filter,
                                              std::function<void()> released) {
  return std::make_unique<RedisConsumer>(std::move(deliveries), std::move(stream),
                                         std::move(filter), std::move(released));
}

}  // namespace sluice
