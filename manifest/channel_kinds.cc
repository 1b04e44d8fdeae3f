// Channel and InMemoryChannel (messaging.knative.dev/v1): events wait here for Subscriptions.

#include "manifest/annotations.h"
#include "manifest/build.h"

namespace sluice {
namespace {

struct ChannelFields {
  Value<ChannelTemplateFields> channel_template;
  Value<DeliveryFields> delivery;
};

struct InMemoryChannelFields {
  Value<DeliveryFields> delivery;
};

void add_channel(const Resource& resource, ChannelSpec channel, const Value<DeliveryFields>& fields,
                 const DeliveryPolicy& outer, Build& build) {
  ChannelResourceSpec spec;
  spec.channel = std::move(channel);
  spec.channel.ns = resource.ns;
  spec.channel.name = resource.name;
  read_capacity_annotations(resource, spec.channel, build.findings);
  const DeliveryPolicy delivery = read_delivery(fields, outer, resource, build);
  const std::string path = path_of(resource);
  if (fields && fields->dead_letter_sink && delivery.dead_letter_sink &&
      delivery.dead_letter_sink->address == path) {
    build.findings.warning(*fields->dead_letter_sink.node,
                           "dead letters return to the channel that they come from",
                           "send them elsewhere, e.g. to an EventDisplay");
  }
  build.owners.try_emplace(path, Build::Owner{build.graph.channels.size(), &resource, delivery});
  build.graph.channels.push_back(std::move(spec));
}

void build_channel(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<ChannelFields>(resource);
  TemplateResult made = read_channel_template(fields.channel_template, resource, build);
  add_channel(resource, std::move(made.channel), fields.delivery, made.delivery, build);
}

void build_in_memory_channel(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<InMemoryChannelFields>(resource);
  add_channel(resource, ChannelSpec(), fields.delivery, DeliveryPolicy(), build);
}

constexpr FieldInfo kDelivery = {
    "delivery", "Serves the Subscriptions that have none of their own.", false, "one attempt"};

}  // namespace

template <>
const Shape<ChannelFields>& shape_of() {
  static const Shape<ChannelFields> shape(
      "Channel spec",
      {
          field<&ChannelFields::channel_template>(
              {"channelTemplate", "What kind of channel it is.", false, "InMemoryChannel"}),
          field<&ChannelFields::delivery>(kDelivery),
      });
  return shape;
}

template <>
const Shape<InMemoryChannelFields>& shape_of() {
  static const Shape<InMemoryChannelFields> shape(
      "InMemoryChannel spec", {field<&InMemoryChannelFields::delivery>(kDelivery)});
  return shape;
}

KindInfo channel_kind() {
  KindInfo info;
  info.kind = "Channel";
  info.api_versions = {"messaging.knative.dev/v1"};
  info.about = "Takes events at `/NAMESPACE/channels/NAME` and hands each to every Subscription.";
  info.addressing = Addressing::local;
  info.plural = "channels";
  info.spec = &shape_info<ChannelFields>;
  info.build = build_channel;
  return info;
}

KindInfo in_memory_channel_kind() {
  KindInfo info;
  info.kind = "InMemoryChannel";
  info.api_versions = {"messaging.knative.dev/v1"};
  info.about =
      "A channel in memory: 202 means queued within its capacity, and what is queued is lost when "
      "the process dies.";
  info.addressing = Addressing::local;
  info.plural = "channels";
  info.is_channel = true;
  info.spec = &shape_info<InMemoryChannelFields>;
  info.build = build_in_memory_channel;
  return info;
}

}  // namespace sluice
