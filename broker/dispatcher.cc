#include "broker/dispatcher.h"

#include "broker/delivery_policy.h"
#include "broker/derived_event.h"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::steady_clock;

// A carrier without work ends after this; the burst that needed it is over.
constexpr std::chrono::seconds kCarrierIdle{10};
// A local sink never suspends: after so many attempts in a row the core has its turn.
constexpr int kAttemptsInARow = 16;
// Interface.md, section 10: so many times max-in-flight events wait for retries.
constexpr std::size_t kHeldPerSlot = 16;
// And so many behind others of their key: enough that one slow key seldom keeps the others out.
constexpr std::size_t kKeyQueuedPerSlot = 1024;

bool later(const auto& a, const auto& b) noexcept { return a.due > b.due; }

std::string_view key_of(const Event& event) noexcept {
  return event.attribute("partitionkey").value_or("");
}

}  // namespace

Dispatcher::Dispatcher(Core& core, const DispatchSpec& spec, DispatchTargets targets,
                       std::unique_ptr<Consumer> consumer)
    : ns_(spec.ns),
      name_(spec.name),
      policy_(spec.delivery),
      max_in_flight_(spec.max_in_flight),
      targets_(std::move(targets)),
      consumer_(std::move(consumer)),
      coroutines_(core),
      keys_(spec.ordered ? std::make_unique<Keys>() : nullptr),
      drops_(ns_, name_) {}

void Dispatcher::start() {
  consumer_->listen(*this);
  pump();
}

/// Gives every free slot something to carry, as far as there is something.
void Dispatcher::pump() {
  Outstanding item;
  while (open_ < max_in_flight_ && next(item)) {
    ++open_;
    if (idle_.notify_one()) {
      handed_.push_back(std::move(item));
    } else {
      coroutines_.spawn(carry(std::move(item)));
    }
  }
}

/// What a free slot takes: a retry whose wait is over, else the channel's next event. False: there
/// is nothing now, or enough waits already.
bool Dispatcher::next(Outstanding& item) {
  if (stopping_ || leaving_) return false;
  while (!due_.empty()) {
    item = due_.pop_front();
    --waiting_;
    if (!item.delivery->is_lost() || let_go(item)) return true;
  }
  while (!holds_its_fill()) {
    item = Outstanding();
    item.delivery = consumer_->take();
    if (!item.delivery) return false;
    if (!keys_ || keys_->claim(key_of(*item.delivery->event()), item)) return true;
  }
  return false;
}

/// A carrier: has a slot and something to carry, and then, while there is more, the next. Without
/// work it waits for some time to be handed a slot again.
Awaitable<void> Dispatcher::carry(Outstanding item) {
  int in_a_row = 0;
  while (!stopping_) {
    Attempt result = co_await attempt(item);
    if (proceed(item, result)) {
      if (++in_a_row < kAttemptsInARow) continue;
      in_a_row = 0;
      co_await boost::asio::post(core().executor(), use_tuple);
      continue;
    }
    in_a_row = 0;
    item = Outstanding();
    --open_;
    if (stopping_) break;
    const bool woken = co_await idle_.wait(core(), steady_clock::now() + kCarrierIdle);
    if (!woken) break;
    if (!stopping_) item = handed_.pop_front();
  }
}

/// With an attempt ended: true where `item` has another before it at once, or is the next one that
/// this slot carries.
bool Dispatcher::proceed(Outstanding& item, Attempt& result) {
  if (!result.succeeded()) {
    if (stopping_ || leaving_) return false;  // Not settled: the channel has it still.
    if (item.delivery->is_lost()) return let_go(item) || next(item);
  }
  if (advance(item, result)) return !stopping_;
  if (item.delivery && settle(item)) return !stopping_;
  return next(item);
}

/// True: `item` is now what waited for its key.
bool Dispatcher::settle(Outstanding& item) {
  const EventPtr event = keys_ ? item.delivery->event() : nullptr;
  item.delivery->ack();
  if (!event || !take_next_of_key(*event, item)) return false;
  pump();  // One fewer waits.
  return true;
}

/// `event` is done with, or lost: its key is free for what waits behind it. True: `item` is that.
bool Dispatcher::take_next_of_key(const Event& event, Outstanding& item) {
  while (!leaving_) {
    auto follows = keys_->release(key_of(event));
    if (!follows) return false;
    item = std::move(*follows);
    if (!item.delivery->is_lost()) return true;
  }
  return false;
}

/// `item` is another process's now. True: `item` is now what waited for its key.
bool Dispatcher::let_go(Outstanding& item) {
  const EventPtr event = item.delivery->event();
  item = Outstanding();
  return keys_ && take_next_of_key(*event, item);
}

Awaitable<Attempt> Dispatcher::attempt(const Outstanding& item) {
  const auto start = steady_clock::now();
  EventPtr event = item.stage == Stage::subscriber ? item.delivery->event() : item.outgoing;
  Attempt result = co_await target(item.stage).send(std::move(event), start + policy_.timeout);
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
  if (!is_retryable(result.status) || item.tries > policy_.retry) {
    return give_up(item, result);
  }
  counters_.retried.fetch_add(1, std::memory_order_relaxed);
  const double jitter = static_cast<double>(core().random() >> 11) * 0x1p-53;
  const auto delay = next_delay(policy_, item.tries, result.retry_after, jitter);
  spdlog::debug("delivery.retry subscription={}/{} target={} attempt={} delay_ms={} error=\"{}\"",
                ns_, name_, target(item.stage).url(), item.tries, delay.count(), result.detail);
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
    drops_.add(
        {*item.delivery->event(), target(item.stage), result, targets_.dead_letter != nullptr});
    return false;
  }
  item.outgoing = dead_letter_of(*item.delivery->event(), target(item.stage).url(), result);
  item.stage = Stage::dead_letter;
  item.tries = 0;
  return true;
}

void Dispatcher::ignore_reply_body() {
  counters_.ignored_replies.fetch_add(1, std::memory_order_relaxed);
  if (ignored_reported_) return;
  ignored_reported_ = true;
  spdlog::warn(
      "reply.ignored subscription={}/{} target={} error=\"2xx with a body that is no "
      "event\" hint=\"answer with a CloudEvent, or set annotation sluice.dev/plain-reply\"",
      ns_, name_, targets_.subscriber->url());
}

void Dispatcher::park(Outstanding item, Deadline due) {
  if (stopping_) return;
  if (due <= drain_deadline_) {
    ++waiting_;
  } else {
    abandon_key(item);
    pump();  // Less is held now.
  }
  retries_.push_back({due, std::move(item)});
  std::ranges::push_heap(retries_, later<Waiting, Waiting>);
  if (!retry_loop_runs_) {
    retry_loop_runs_ = true;
    coroutines_.spawn(retry_when_due());
  } else if (retries_.front().due == due) {
    retry_added_.notify_one();  // The new one is the earliest.
  }
}

/// What waits behind an event that comes too late comes too late as well.
void Dispatcher::abandon_key(const Outstanding& item) {
  if (keys_) keys_->abandon(key_of(*item.delivery->event()));
}

Awaitable<void> Dispatcher::retry_when_due() {
  while (!stopping_ && !retries_.empty()) {
    const Deadline due = retries_.front().due;
    if (due > steady_clock::now() || due > drain_deadline_) {
      co_await retry_added_.wait(core(), due > drain_deadline_ ? kNever : due);
      continue;
    }
    std::ranges::pop_heap(retries_, later<Waiting, Waiting>);
    due_.push_back(std::move(retries_.back().item));
    retries_.pop_back();
    pump();
  }
  retry_loop_runs_ = false;
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
  if (keys_ && keys_->waiting() >= kKeyQueuedPerSlot * max_in_flight_) return true;
  // What has a slot may come to wait as well.
  return waiting_ + max_in_flight_ > kHeldPerSlot * max_in_flight_;
}

bool Dispatcher::is_idle_until(Deadline deadline) const noexcept {
  return open_ == 0 && due_.empty() && (retries_.empty() || retries_.front().due > deadline);
}

void Dispatcher::drain_until(Deadline deadline) {
  drain_deadline_ = deadline;
  for (const Waiting& waiting : retries_) {
    if (waiting.due <= deadline) continue;
    --waiting_;
    abandon_key(waiting.item);
  }
  pump();
}

void Dispatcher::halt() {
  stopping_ = true;
  idle_.notify_all();
  retry_added_.notify_all();
}

Awaitable<void> Dispatcher::stop() {
  co_await coroutines_.join();
  drops_.flush();
  retries_.clear();
  handed_ = {};
  due_ = {};
  keys_.reset();
}

}  // namespace sluice
