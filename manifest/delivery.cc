// The delivery rules of the contract: defaults within a block, and what falls back to the block of
// the Broker, channel or channelTemplate.

#include "manifest/build.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kDefaultDelay{200};
constexpr int kBrokerRetries = 10;

void warn_of_unused_backoff(const Value<DeliveryFields>& value, Findings& findings) {
  const DeliveryFields& fields = *value;
  const bool unread = !fields.retry && value.node->find("retry") != nullptr;
  if (*fields.retry > 0 || unread) return;
  for (const auto& [key, node] : {std::pair{"backoffPolicy", fields.backoff_policy.node},
                                  std::pair{"backoffDelay", fields.backoff_delay.node},
                                  std::pair{"retryAfterMax", fields.retry_after_max.node}}) {
    if (node == nullptr) continue;
    findings.warning(
        *node, "'" + std::string(key) + "' has no effect: without 'retry' there is one attempt",
        "add retry: N to this delivery");
    return;
  }
}

}  // namespace

DeliveryPolicy broker_default_delivery() {
  DeliveryPolicy policy;
  policy.retry = kBrokerRetries;
  policy.backoff_policy = BackoffPolicy::exponential;
  policy.backoff_delay = kDefaultDelay;
  return policy;
}

DeliveryPolicy read_delivery(const Value<DeliveryFields>& value, const DeliveryPolicy& outer,
                             const Resource& owner, Build& build) {
  if (!value) return outer;
  const DeliveryFields& fields = *value;
  DeliveryPolicy policy;
  policy.retry = static_cast<int>(*fields.retry);
  if (fields.backoff_policy) {
    policy.backoff_policy = *fields.backoff_policy;
    policy.backoff_delay = kDefaultDelay;
  }
  if (fields.backoff_delay) policy.backoff_delay = *fields.backoff_delay;
  if (fields.timeout) policy.timeout = *fields.timeout;
  if (fields.retry_after_max) policy.retry_after_max = *fields.retry_after_max;
  if (fields.format) policy.format = *fields.format;
  policy.dead_letter_sink = fields.dead_letter_sink ? resolve(fields.dead_letter_sink, owner, build)
                                                    : outer.dead_letter_sink;
  warn_of_unused_backoff(value, build.findings);
  return policy;
}

void warn_if_dead_letters_return(const DeliveryPolicy& delivery,
                                 const std::optional<Destination>& subscriber,
                                 const Value<DeliveryFields>& fields, Build& build) {
  if (!fields || !fields->dead_letter_sink || !subscriber) return;
  if (delivery.dead_letter_sink != subscriber) return;
  build.findings.warning(*fields->dead_letter_sink.node,
                         "the dead letter sink is the subscriber itself: what it refused is sent "
                         "to it again",
                         "send dead letters elsewhere, e.g. to an EventDisplay");
}

}  // namespace sluice
