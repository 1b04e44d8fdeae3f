#include "base/deadline_wheel.h"

#include <algorithm>

namespace sluice {

DeadlineWheel::DeadlineWheel(boost::asio::io_context& io) : timer_(io.get_executor()) {}

DeadlineWheel::~DeadlineWheel() {
  for (List& slot : slots_) slot.clear();
}

std::int64_t DeadlineWheel::tick_of(Deadline due) noexcept {
  // Rounded up: an item never expires early.
  return (due.time_since_epoch() + kTick - Deadline::duration(1)) / kTick;
}

void DeadlineWheel::schedule(Expiring& item, Deadline due) {
  item.unlink();
  if (due == kNever || stopped_) return;
  if (hurried_) due = Deadline::min() + kTick;
  item.due_ = due;
  if (!armed_) next_tick_ = tick_of(std::chrono::steady_clock::now());
  const auto tick = std::max(tick_of(due), next_tick_);
  slots_[static_cast<std::size_t>(tick) % kSlots].push_back(item);
  if (!armed_) arm();
}

void DeadlineWheel::arm() {
  armed_ = true;
  timer_.expires_at(Deadline(kTick * next_tick_));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_tick();
  });
}

void DeadlineWheel::expire_slot(List& slot, Deadline now) {
  List due_now;
  for (auto it = slot.begin(); it != slot.end();) {
    Expiring& item = *it++;
    if (item.due_ > now) continue;  // A later turn of the wheel.
    item.unlink();
    due_now.push_back(item);
  }
  // expire() may schedule or destroy other items, so the slot is not iterated meanwhile.
  while (!due_now.empty()) {
    Expiring& item = due_now.front();
    item.unlink();
    item.expire();
  }
}

void DeadlineWheel::on_tick() {
  const Deadline now = std::chrono::steady_clock::now();
  const std::int64_t last =
      std::min(now.time_since_epoch() / kTick, next_tick_ + static_cast<std::int64_t>(kSlots) - 1);
  while (next_tick_ <= last) {
    // Counted up first: what expire() schedules for at once belongs in the next slot, not in this
    // one.
    const auto tick = static_cast<std::size_t>(next_tick_++);
    expire_slot(slots_[tick % kSlots], now);
  }
  armed_ = false;
  if (stopped_) return;
  if (std::ranges::any_of(slots_, [](const List& slot) { return !slot.empty(); })) arm();
}

void DeadlineWheel::hurry() {
  hurried_ = true;
  List all;
  for (List& slot : slots_) all.splice(all.end(), slot);
  while (!all.empty()) schedule(all.front(), Deadline());  // Takes it off `all`.
}

void DeadlineWheel::stop() {
  stopped_ = true;
  timer_.cancel();
}

}  // namespace sluice
