#include "broker/broker.h"

#include "base/rfc3339.h"
#include "event/event_batch.h"

namespace sluice {
namespace {

constexpr std::int32_t kFirstHopCount = 255;
constexpr int kAccepted = 202;

Attempt outcome(const Result<void>& appended) {
  if (!appended) return failed_attempt(appended.error());
  Attempt attempt;
  attempt.status = kAccepted;
  return attempt;
}

BatchAttempt outcome_of_all(const Result<void>& appended) {
  BatchAttempt batch;
  batch.outcome = outcome(appended);
  return batch;
}

}  // namespace

Awaitable<Attempt> ChannelSink::send(EventPtr event, Deadline deadline) {
  const auto appended = co_await channel_.append(std::move(event), deadline);
  co_return outcome(appended);
}

Awaitable<BatchAttempt> ChannelSink::send_all(std::vector<EventPtr> events, Deadline deadline) {
  const auto appended = co_await channel_.append_all(std::move(events), deadline);
  co_return outcome_of_all(appended);
}

Result<std::int32_t> next_hop_count(const Event& event) {
  const auto hops = event.hops();
  if (!hops) return kFirstHopCount;
  if (*hops <= 1) {
    return fail(Errc::invalid_argument,
                "attribute 'knativebrokerttl' is used up: the event has looped through brokers");
  }
  return *hops - 1;
}

Result<EventPtr> stamped_by_broker(EventPtr event) {
  SLUICE_TRY(const std::int32_t hops, next_hop_count(*event));
  return stamped(std::move(event), now_rfc3339(), hops);
}

Task<void> Broker::publish(EventPtr event, Deadline deadline) {
  SLUICE_CO_TRY(event, stamped_by_broker(std::move(event)));
  co_return co_await channel_.append(std::move(event), deadline);
}

Task<void> Broker::publish_all(std::vector<EventPtr> events, Deadline deadline) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto hops = next_hop_count(*events[i]);
    if (!hops) co_return fail(hops.error().code, in_batch(i, hops.error().detail));
    events[i] = stamped(std::move(events[i]), now_rfc3339(), hops.value());
  }
  co_return co_await channel_.append_all(std::move(events), deadline);
}

Awaitable<Attempt> Broker::send(EventPtr event, Deadline deadline) {
  const auto published = co_await publish(std::move(event), deadline);
  co_return outcome(published);
}

Awaitable<BatchAttempt> Broker::send_all(std::vector<EventPtr> events, Deadline deadline) {
  const auto published = co_await publish_all(std::move(events), deadline);
  co_return outcome_of_all(published);
}

}  // namespace sluice
