#pragma once

#include "channels/channel.h"
#include "tests/channels/channel_backend.h"
#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A channel of each kind of channels.def on a backend of its own, and a core run by hand.
class ChannelContract : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    auto backend = start_channel_backend(GetParam());
    if (!backend) GTEST_SKIP() << backend.error().detail;
    backend_ = std::move(backend).value();
  }

  std::unique_ptr<Channel> make(std::size_t capacity_events = 5000) {
    ChannelSpec spec = backend_->spec("orders");
    spec.capacity_events = capacity_events;
    auto channel = make_channel(spec);
    EXPECT_TRUE(channel) << channel.error().detail;
    return std::move(channel).value();
  }

  std::unique_ptr<Consumer> open(Channel& channel, const std::string& name,
                                 FilterPtr filter = nullptr) {
    ConsumerOptions options;
    options.name = name;
    options.filter = std::move(filter);
    options.core = &core_;
    auto consumer = channel.open_consumer(std::move(options));
    EXPECT_TRUE(consumer) << consumer.error().detail;
    return std::move(consumer).value();
  }

  Result<void> append(Channel& channel, EventPtr event) {
    return run_task(core_, channel.append(std::move(event), kNever));
  }

  Result<void> append_all(Channel& channel, std::vector<EventPtr> events) {
    return run_task(core_, channel.append_all(std::move(events), kNever));
  }

  /// The next delivery, once it is there.
  DeliveryPtr next(Consumer& consumer) { return wait_for_next(core_, consumer); }

  std::string next_id_acked(Consumer& consumer) {
    const auto delivery = next(consumer);
    std::string id(delivery->event()->id());
    delivery->ack();
    return id;
  }

  /// Nothing waits for `consumer` any more: what is appended now comes next. `type` is one that its
  /// filter passes.
  void expect_nothing_more(Channel& channel, Consumer& consumer,
                           std::string_view type = "com.example.order") {
    ASSERT_TRUE(append(channel, make_event("marker", {{"type", type}})));
    EXPECT_EQ(next_id_acked(consumer), "marker");
  }

  /// Waits until `channel` holds `events`: acks may take effect later.
  void wait_for_depth(Channel& channel, std::uint64_t events) {
    while (channel.depth() != events) run_some(core_);
  }

  void close(Channel& channel) { run_task(core_, channel.close()); }

  ChannelBackendPtr backend_;
  TestCore test_core_;
  Core& core_ = test_core_.core;
};

/// The kinds whose events outlive the process.
inline std::vector<std::string_view> durable_kinds() {
  auto kinds = channel_kinds();
  std::erase(kinds, "InMemoryChannel");
  return kinds;
}

}  // namespace sluice
