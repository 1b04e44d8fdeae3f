#include "sources/clock.h"

namespace sluice {
namespace {

class MachineClock final : public Clock {
 public:
  Time now() const override { return std::chrono::system_clock::now(); }

  std::chrono::nanoseconds elapsed() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }

  Awaitable<void> wait(Core& core, WaitQueue& queue, std::chrono::nanoseconds wait) override {
    co_await queue.wait(core, std::chrono::steady_clock::now() + wait);
  }
};

}  // namespace

Clock& system_clock() {
  static MachineClock clock;
  return clock;
}

}  // namespace sluice
