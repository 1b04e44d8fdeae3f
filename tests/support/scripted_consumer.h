#pragma once

#include "channels/consumer.h"

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// A reader that hands out what the test gives it, and loses what the test says. Used on one core.
class ScriptedConsumer final : public Reader {
 public:
  /// Shared with the deliveries, which may outlive the consumer.
  struct State {
    std::vector<std::string> acked;
    std::vector<std::string> returned;  ///< Destroyed unsettled.
    std::set<std::string> lost;
  };

  DeliveryPtr take() override {
    if (events_.empty()) return nullptr;
    auto delivery = std::make_unique<OneDelivery>(std::move(events_.front()), state_);
    events_.pop_front();
    return delivery;
  }
  void listen(ConsumerListener& listener) override { listener_ = &listener; }
  std::uint64_t filtered() const noexcept override { return 0; }
  std::string trouble() const override { return {}; }
  Awaitable<void> close() override { co_return; }

  void give(EventPtr event) {
    events_.push_back(std::move(event));
    if (listener_ != nullptr) listener_->on_ready();
  }
  [[nodiscard]] const std::shared_ptr<State>& state() const noexcept { return state_; }

 private:
  class OneDelivery final : public Delivery {
   public:
    OneDelivery(EventPtr event, std::shared_ptr<State> state)
        : event_(std::move(event)), state_(std::move(state)) {}
    ~OneDelivery() override {
      if (!acked_) state_->returned.emplace_back(event_->id());
    }
    OneDelivery(const OneDelivery&) = delete;
    OneDelivery& operator=(const OneDelivery&) = delete;
    const EventPtr& event() const noexcept override { return event_; }
    std::uint32_t attempt() const noexcept override { return 1; }
    void ack() noexcept override {
      if (!std::exchange(acked_, true)) state_->acked.emplace_back(event_->id());
    }
    bool is_lost() const noexcept override {
      return state_->lost.contains(std::string(event_->id()));
    }

   private:
    EventPtr event_;
    std::shared_ptr<State> state_;
    bool acked_ = false;
  };

  std::deque<EventPtr> events_;
  ConsumerListener* listener_ = nullptr;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sluice
