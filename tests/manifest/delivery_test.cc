// What is checked: the delivery that every dispatch ends up with: defaults within a block, the
// fallback from Trigger to Broker, Subscription to channel, step and branch to channelTemplate.
// Method: manifests in, the policies of the graph out.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr const char* kTrigger =
    "---\napiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
    "spec:\n  broker: b\n  subscriber: {uri: http://h/}\n";

// The policy of the Trigger `t` of Broker `b`, each with its spec's lines.
DeliveryPolicy of_trigger(const std::string& broker, const std::string& trigger) {
  const auto loaded =
      load("apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\nspec:\n" +
           broker + kTrigger + trigger);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  return loaded.graph.brokers.at(0).triggers.at(0).delivery;
}

std::string sink_of(const DeliveryPolicy& policy) {
  return policy.dead_letter_sink ? policy.dead_letter_sink->address : "";
}

TEST(Delivery, OfABrokerWithoutOneRetriesTenTimes) {
  const DeliveryPolicy policy = of_trigger("", "");
  EXPECT_EQ(policy.retry, 10);
  EXPECT_EQ(policy.backoff_policy, BackoffPolicy::exponential);
  EXPECT_EQ(policy.backoff_delay, milliseconds(200));
  EXPECT_EQ(policy.timeout, milliseconds(600'000));
  EXPECT_FALSE(policy.retry_after_max);
  EXPECT_EQ(policy.format, DeliveryFormat::binary);
  EXPECT_EQ(sink_of(policy), "");
}

TEST(Delivery, OfABrokerWithANullOneIsTheDefault) {
  EXPECT_EQ(of_trigger("  delivery:\n", "").retry, 10);
}

TEST(Delivery, OfABrokerWithOnlyADeadLetterSinkDoesNotRetry) {
  const DeliveryPolicy policy =
      of_trigger("  delivery: {deadLetterSink: {uri: http://dls/}}\n", "");
  EXPECT_EQ(policy.retry, 0);
  EXPECT_EQ(sink_of(policy), "http://dls/");
}

TEST(Delivery, HasEveryFieldOfItsBlock) {
  const DeliveryPolicy policy = of_trigger(
      "  delivery:\n    retry: 3\n    backoffPolicy: linear\n    backoffDelay: PT1.5S\n"
      "    timeout: PT5S\n    retryAfterMax: PT0S\n    format: json\n",
      "");
  EXPECT_EQ(policy.retry, 3);
  EXPECT_EQ(policy.backoff_policy, BackoffPolicy::linear);
  EXPECT_EQ(policy.backoff_delay, milliseconds(1500));
  EXPECT_EQ(policy.timeout, milliseconds(5000));
  ASSERT_TRUE(policy.retry_after_max);
  EXPECT_EQ(*policy.retry_after_max, milliseconds(0));
  EXPECT_EQ(policy.format, DeliveryFormat::json);
}

struct Backoff {
  const char* block;
  BackoffPolicy policy;
  int delay_ms;
};

class DeliveryBackoff : public testing::TestWithParam<Backoff> {};

TEST_P(DeliveryBackoff, IsCompletedAsTheContractSays) {
  const DeliveryPolicy policy = of_trigger("", "  delivery: " + std::string(GetParam().block));
  EXPECT_EQ(policy.backoff_policy, GetParam().policy);
  EXPECT_EQ(policy.backoff_delay, milliseconds(GetParam().delay_ms));
}

INSTANTIATE_TEST_SUITE_P(
    Table, DeliveryBackoff,
    testing::Values(Backoff{"{retry: 2, backoffDelay: PT3S}", BackoffPolicy::exponential, 3000},
                    Backoff{"{retry: 2, backoffPolicy: linear}", BackoffPolicy::linear, 200},
                    Backoff{"{retry: 2, backoffPolicy: exponential}", BackoffPolicy::exponential,
                            200},
                    Backoff{"{retry: 2}", BackoffPolicy::exponential, 0},
                    Backoff{"{retry: 2, backoffPolicy: linear, backoffDelay: PT0S}",
                            BackoffPolicy::linear, 0}));

TEST(Delivery, OfATriggerReplacesTheBrokersButForTheDeadLetterSink) {
  const DeliveryPolicy policy =
      of_trigger("  delivery: {retry: 5, timeout: PT1S, deadLetterSink: {uri: http://broker/}}\n",
                 "  delivery: {retry: 0}\n");
  EXPECT_EQ(policy.retry, 0);
  EXPECT_EQ(policy.timeout, milliseconds(600'000));
  EXPECT_EQ(sink_of(policy), "http://broker/");
}

TEST(Delivery, OfATriggerKeepsItsOwnDeadLetterSink) {
  const DeliveryPolicy policy =
      of_trigger("  delivery: {retry: 5, deadLetterSink: {uri: http://broker/}}\n",
                 "  delivery: {deadLetterSink: {uri: http://own/}}\n");
  EXPECT_EQ(policy.retry, 0);
  EXPECT_EQ(sink_of(policy), "http://own/");
}

TEST(Delivery, OfATriggerWithoutOneIsTheBrokers) {
  const DeliveryPolicy policy =
      of_trigger("  delivery: {retry: 5, deadLetterSink: {uri: http://broker/}}\n", "");
  EXPECT_EQ(policy.retry, 5);
  EXPECT_EQ(sink_of(policy), "http://broker/");
}

DeliveryPolicy of_subscription(const std::string& channel, const std::string& subscription) {
  const auto loaded = load(
      "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata: {name: s}\nspec:\n"
      "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}\n"
      "  subscriber: {uri: http://h/}\n" +
      subscription +
      "---\napiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata: {name: c}\nspec:\n" +
      channel);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  return loaded.graph.channels.at(0).subscriptions.at(0).delivery;
}

TEST(Delivery, OfAChannelIsOneAttemptWhereNothingIsSaid) {
  const DeliveryPolicy policy = of_subscription("", "");
  EXPECT_EQ(policy.retry, 0);
  EXPECT_EQ(sink_of(policy), "");
}

TEST(Delivery, OfASubscriptionFallsBackToItsChannel) {
  const std::string channel = "  delivery: {retry: 4, deadLetterSink: {uri: http://dls/}}\n";
  EXPECT_EQ(of_subscription(channel, "").retry, 4);
  const DeliveryPolicy own = of_subscription(channel, "  delivery: {retry: 1}\n");
  EXPECT_EQ(own.retry, 1);
  EXPECT_EQ(sink_of(own), "http://dls/");
}

TEST(Delivery, OfAChannelFallsBackToItsTemplate) {
  const std::string channel =
      "  channelTemplate:\n    apiVersion: messaging.knative.dev/v1\n    kind: InMemoryChannel\n"
      "    spec: {delivery: {retry: 7}}\n";
  EXPECT_EQ(of_subscription(channel, "").retry, 7);
  EXPECT_EQ(of_subscription(channel + "  delivery: {retry: 2}\n", "").retry, 2);
}

TEST(Delivery, OfStepsAndBranchesFallsBackToTheTemplate) {
  const std::string channel_template =
      "  channelTemplate:\n    apiVersion: messaging.knative.dev/v1\n    kind: InMemoryChannel\n"
      "    spec: {delivery: {retry: 7, deadLetterSink: {uri: http://dls/}}}\n";
  const auto loaded =
      load("apiVersion: flows.knative.dev/v1\nkind: Sequence\nmetadata: {name: s}\nspec:\n" +
           channel_template +
           "  steps:\n  - uri: http://a/\n  - uri: http://b/\n    delivery: {retry: 1}\n"
           "---\napiVersion: flows.knative.dev/v1\nkind: Parallel\nmetadata: {name: p}\nspec:\n" +
           channel_template +
           "  branches:\n  - subscriber: {uri: http://a/}\n"
           "  - filter: {uri: http://f/}\n    subscriber: {uri: http://b/}\n"
           "    delivery: {retry: 2, deadLetterSink: {uri: http://own/}}\n");
  ASSERT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  const auto& steps = loaded.graph.sequences.at(0).steps;
  EXPECT_EQ(steps.at(0).delivery.retry, 7);
  EXPECT_EQ(steps.at(1).delivery.retry, 1);
  EXPECT_EQ(sink_of(steps.at(1).delivery), "http://dls/");
  const auto& branches = loaded.graph.parallels.at(0).branches;
  EXPECT_EQ(branches.at(0).subscriber.delivery.retry, 7);
  EXPECT_FALSE(branches.at(0).filter);
  EXPECT_EQ(branches.at(1).subscriber.delivery.retry, 2);
  ASSERT_TRUE(branches.at(1).filter);  // The block covers both.
  EXPECT_EQ(branches.at(1).filter->delivery.retry, 2);
  EXPECT_EQ(sink_of(branches.at(1).filter->delivery), "http://own/");
}

}  // namespace
}  // namespace sluice
