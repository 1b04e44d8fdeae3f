// Subscription (messaging.knative.dev/v1): a channel's events to a subscriber, its replies onwards.

#include "manifest/annotations.h"
#include "manifest/build.h"

namespace sluice {
namespace {

struct SubscriptionFields {
  Value<RefFields> channel;
  Value<DestinationFields> subscriber;
  Value<DestinationFields> reply;
  Value<DeliveryFields> delivery;
};

void build_subscription(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<SubscriptionFields>(resource);
  std::vector<std::string_view> channels = channel_kind_names();
  channels.insert(channels.begin(), "Channel");
  const Resource* channel = find_ref(fields.channel, "'channel'", channels, resource, build);
  const auto owner = channel == nullptr ? build.owners.end() : build.owners.find(path_of(*channel));
  const bool known = owner != build.owners.end();
  DispatchSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  read_dispatch_annotations(resource, spec, build.findings);
  const auto subscriber = resolve(fields.subscriber, resource, build);
  if (subscriber) spec.subscriber = *subscriber;
  spec.reply = resolve(fields.reply, resource, build);
  spec.delivery = read_delivery(fields.delivery, known ? owner->second.delivery : DeliveryPolicy(),
                                resource, build);
  warn_if_dead_letters_return(spec.delivery, subscriber, fields.delivery, build);
  if (!known) return;
  RouteTerms terms{.parts = {{"Subscription", spec.ns, spec.name}}};
  build.route(owner->first, subscriber, *resource.at, terms);
  terms.asked = Asked{spec.subscriber.address, spec.plain_reply};
  build.route(owner->first, spec.reply, *resource.at, std::move(terms));
  build.graph.channels[owner->second.index].subscriptions.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<SubscriptionFields>& shape_of() {
  using Fields = SubscriptionFields;
  static const Shape<Fields> shape(
      "Subscription spec",
      {
          field<&Fields::channel>(
              {"channel", "The Channel, InMemoryChannel, KafkaChannel or RedisChannel.", true}),
          field<&Fields::subscriber>({"subscriber", "Where the events go.", true}),
          field<&Fields::reply>(
              {"reply", "Where the subscriber's replies go.", false, "they are dropped"}),
          field<&Fields::delivery>({"delivery",
                                    "Replaces the channel's; a missing deadLetterSink is the "
                                    "channel's.",
                                    false, "that of the channel"}),
      });
  return shape;
}

KindInfo subscription_kind() {
  KindInfo info;
  info.kind = "Subscription";
  info.api_versions = {"messaging.knative.dev/v1"};
  info.about = "Hands the events of a channel to a subscriber, and its replies onwards.";
  info.spec = &shape_info<SubscriptionFields>;
  info.build = build_subscription;
  return info;
}

}  // namespace sluice
