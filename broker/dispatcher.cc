#include "broker/dispatcher.h"

#include "broker/delivery_policy.h"
#include "broker/derived_event.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::steady_clock;

// An idle lane beside another one ends after this; the burst that needed it is over.
constexpr std::chrono::seconds kLaneIdle{10};
// Between two tries at a channel whose backend is gone.
constexpr std::chrono::seconds kBackendPause{1};
// Interface.md, section 10: so many times max-in-flight events wait for retries.
constexpr std::size_t kHeldPerSlot = 16;
// At most one line a second about drops, with the count of those between.
constexpr std::chrono::seconds kDropReportEvery{1};

bool later(const auto& a, const auto& b) noexcept { return a.due > b.due; }

}  // namespace

Dispatcher::Dispatcher(Core& core, DispatchSpec spec, DispatchTargets targets,
                       std::unique_ptr<Consumer> consumer)
    : core_(core),
      spec_(std::move(spec)),
      targets_(std::move(targets)),
      consumer_(std::move(consumer)),
      coroutines_(core) {}

void Dispatcher::start() { add_lane(); }

void Dispatcher::add_lane() {
  ++lanes_;
  coroutines_.spawn(lane());
}

/// One lane: takes a delivery, carries it until it is settled or waits for a retry, takes the next.
/// There is always a lane that waits, up to max_in_flight of them.
Awaitable<void> Dispatcher::lane() {
  while (!stopping_) {
    if (holds_its_fill()) {
      co_await room_made_.wait(core_, kNever);
      continue;
    }
    const Deadline patience = parked_ == 0 ? kNever : steady_clock::now() + kLaneIdle;
    ++parked_;
    auto next = co_await consumer_->next(patience);
    --parked_;
    if (!next) {
      const Errc why = next.error().code;
      if (why == Errc::cancelled) break;
      if (why == Errc::deadline_exceeded && parked_ > 0) break;  // Another lane waits.
      if (why != Errc::deadline_exceeded) {
        co_await room_made_.wait(core_, steady_clock::now() + kBackendPause);
      }
      continue;
    }
    Outstanding item;
    item.delivery = std::move(next).value();
    const bool free_key = !spec_.ordered || claim_key(item);
    if (parked_ == 0 && lanes_ < spec_.max_in_flight) add_lane();
    if (!free_key) continue;
    co_await take_slot(lane_turn_);
    co_await carry(std::move(item));
  }
  --lanes_;
}

/// Waits for its turn to have an attempt open. A slot that is released goes straight to whoever
/// waits, so nobody overtakes.
Awaitable<void> Dispatcher::take_slot(WaitQueue& turn) {
  if (open_ < spec_.max_in_flight || stopping_) {
    ++open_;
    co_return;
  }
  co_await turn.wait(core_, kNever);
}

void Dispatcher::release_slot() {
  if (due_turn_.notify_oldest() || lane_turn_.notify_oldest()) return;
  --open_;
}

/// A retry whose wait is over. It counts as held until it has a slot.
Awaitable<void> Dispatcher::carry_due(Outstanding item) {
  co_await take_slot(due_turn_);
  if (held_ > 0) --held_;
  room_made_.notify_one();
  co_await carry(std::move(item));
}

/// With a slot taken: tries the targets of one event until it is settled or has to wait, then gives
/// the slot back.
Awaitable<void> Dispatcher::carry(Outstanding item) {
  while (!stopping_) {
    Attempt result = co_await attempt(item);
    if (stopping_ && !result.succeeded()) break;  // Not settled: the channel has it still.
    const bool again = advance(item, result);
    if (again) continue;
    if (!item.delivery) break;  // Parked.
    Outstanding next;
    const bool more = spec_.ordered && release_key(item, next);
    item.delivery->ack();
    if (!more) break;
    item = std::move(next);
  }
  release_slot();
}

Awaitable<Attempt> Dispatcher::attempt(const Outstanding& item) {
  const auto start = steady_clock::now();
  EventPtr event = item.stage == Stage::subscriber ? item.delivery->event() : item.outgoing;
  Attempt result =
      co_await target(item.stage).send(std::move(event), start + spec_.delivery.timeout);
  if (item.stage == Stage::subscriber) {
    const std::chrono::duration<double> took = steady_clock::now() - start;
    counters_.attempt_seconds.observe(took.count());
  }
  co_return result;
}

/// What follows from an attempt. True: `item` has another attempt before it at once. False: it is
/// done with, or it was parked and `item.delivery` is null.
bool Dispatcher::advance(Outstanding& item, Attempt& result) {
  if (result.succeeded()) return succeed(item, result);
  ++item.tries;
  if (!is_retryable(result.status) || item.tries > spec_.delivery.retry) {
    return give_up(item, result);
  }
  counters_.retried.fetch_add(1, std::memory_order_relaxed);
  const double jitter = static_cast<double>(core_.random() >> 11) * 0x1p-53;
  const auto delay = next_delay(spec_.delivery, item.tries, result.retry_after, jitter);
  spdlog::debug("delivery.retry subscription={}/{} target={} attempt={} delay_ms={} error=\"{}\"",
                spec_.ns, spec_.name, target(item.stage).url(), item.tries, delay.count(),
                result.detail);
  if (delay.count() == 0) return true;
  park(std::move(item), steady_clock::now() + delay);
  return false;
}

bool Dispatcher::succeed(Outstanding& item, Attempt& result) {
  switch (item.stage) {
    case Stage::subscriber:
      if (result.ignored_body) ignore_reply_body();
      if (!result.reply || !targets_.reply) break;
      item.outgoing = reply_of(std::move(result.reply), *item.delivery->event());
      item.stage = Stage::reply;
      item.tries = 0;
      return true;
    case Stage::reply:
      break;
    case Stage::dead_letter:
      counters_.dead_lettered.fetch_add(1, std::memory_order_relaxed);
      return false;
  }
  counters_.delivered.fetch_add(1, std::memory_order_relaxed);
  return false;
}

/// No attempt at this target is left.
bool Dispatcher::give_up(Outstanding& item, const Attempt& result) {
  if (item.stage == Stage::dead_letter || !targets_.dead_letter) {
    counters_.dropped.fetch_add(1, std::memory_order_relaxed);
    report_drop(item, result);
    return false;
  }
  item.outgoing = dead_letter_of(*item.delivery->event(), target(item.stage).url(), result);
  item.stage = Stage::dead_letter;
  item.tries = 0;
  return true;
}

void Dispatcher::report_drop(const Outstanding& item, const Attempt& result) {
  const auto now = steady_clock::now();
  if (now < next_drop_report_) {
    ++drops_unreported_;
    return;
  }
  next_drop_report_ = now + kDropReportEvery;
  spdlog::warn(
      "delivery.dropped subscription={}/{} event_id={} target={} status={} error=\"{}\" "
      "unreported={} hint=\"set delivery.deadLetterSink to keep such events\"",
      spec_.ns, spec_.name, item.delivery->event()->id(), target(item.stage).url(), result.status,
      result.detail, drops_unreported_);
  drops_unreported_ = 0;
}

void Dispatcher::ignore_reply_body() {
  counters_.ignored_replies.fetch_add(1, std::memory_order_relaxed);
  if (ignored_reported_) return;
  ignored_reported_ = true;
  spdlog::warn(
      "reply.ignored subscription={}/{} target={} error=\"2xx with a body that is no "
      "event\" hint=\"answer with a CloudEvent, or set annotation sluice.dev/plain-reply\"",
      spec_.ns, spec_.name, targets_.subscriber->url());
}

void Dispatcher::park(Outstanding item, Deadline due) {
  if (stopping_) return;
  if (due <= drain_deadline_) ++held_;
  retries_.push_back({due, std::move(item)});
  std::ranges::push_heap(retries_, later<Waiting, Waiting>);
  if (!retry_loop_runs_) {
    retry_loop_runs_ = true;
    coroutines_.spawn(retry_when_due());
  } else if (retries_.front().due == due) {
    retry_added_.notify_one();  // The new one is the earliest.
  }
}

Awaitable<void> Dispatcher::retry_when_due() {
  while (!stopping_ && !retries_.empty()) {
    const Deadline due = retries_.front().due;
    if (due > steady_clock::now()) {
      co_await retry_added_.wait(core_, due);
      continue;
    }
    std::ranges::pop_heap(retries_, later<Waiting, Waiting>);
    Outstanding item = std::move(retries_.back().item);
    retries_.pop_back();
    coroutines_.spawn(carry_due(std::move(item)));
  }
  retry_loop_runs_ = false;
}

/// Ordered mode: true when the event's key is free, and then it is taken; else the event waits in
/// the key's queue.
bool Dispatcher::claim_key(Outstanding& item) {
  const auto key = item.delivery->event()->attribute("partitionkey");
  const auto [it, is_new] = keys_.try_emplace(std::string(key.value_or("")));
  if (is_new) return true;
  ++held_;
  it->second.push_back(std::move(item));
  return false;
}

bool Dispatcher::release_key(const Outstanding& item, Outstanding& next) {
  const auto key = item.delivery->event()->attribute("partitionkey");
  const auto it = keys_.find(std::string(key.value_or("")));
  if (it->second.empty()) {
    keys_.erase(it);
    return false;
  }
  next = it->second.pop_front();
  --held_;
  room_made_.notify_one();
  return true;
}

Sink& Dispatcher::target(Stage stage) const noexcept {
  switch (stage) {
    case Stage::subscriber:
      return *targets_.subscriber;
    case Stage::reply:
      return *targets_.reply;
    case Stage::dead_letter:
      break;
  }
  return *targets_.dead_letter;
}

bool Dispatcher::holds_its_fill() const noexcept {
  // Each lane may add one more to what is held.
  return held_ + spec_.max_in_flight > kHeldPerSlot * spec_.max_in_flight;
}

bool Dispatcher::is_idle_until(Deadline deadline) const noexcept {
  const bool all_wait = open_ == 0 && (parked_ == lanes_ || holds_its_fill());
  return all_wait && (retries_.empty() || retries_.front().due > deadline);
}

void Dispatcher::drain_until(Deadline deadline) {
  drain_deadline_ = deadline;
  for (const Waiting& waiting : retries_) {
    if (waiting.due > deadline) --held_;
  }
  room_made_.notify_all();
}

void Dispatcher::halt() {
  stopping_ = true;
  room_made_.notify_all();
  due_turn_.notify_all();
  lane_turn_.notify_all();
  retry_added_.notify_all();
}

Awaitable<void> Dispatcher::stop() {
  co_await coroutines_.join();
  retries_.clear();
  keys_.clear();
}

}  // namespace sluice
