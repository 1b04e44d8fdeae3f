#pragma once

#include "channels/channel.h"
#include "tests/support/run_task.h"

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
  for (;;) {
    ready.set = false;
    if (DeliveryPtr delivery = consumer.take()) return delivery;
    while (!ready.set) run_some(core);
  }
}

}  // namespace sluice
