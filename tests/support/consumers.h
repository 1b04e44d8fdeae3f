#pragma once

#include "channels/channel.h"

#include <boost/asio/executor_work_guard.hpp>

namespace sluice {

/// Runs `core` until `consumer` has a delivery.
inline DeliveryPtr wait_for_next(Core& core, Consumer& consumer) {
  struct Flag final : ConsumerListener {
    void on_ready() override { set = true; }
    bool set = false;
  };
  // Outlives every consumer, as a listener must; one consumer waits at a time.
  static thread_local Flag ready;
  consumer.listen(ready);
  const auto work = boost::asio::make_work_guard(core.executor());
  for (;;) {
    ready.set = false;
    if (DeliveryPtr delivery = consumer.take()) return delivery;
    core.io().restart();
    while (!ready.set) core.io().run_one();
  }
}

}  // namespace sluice
