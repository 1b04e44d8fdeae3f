// Channel and InMemoryChannel (messaging.knative.dev/v1): events wait here for Subscriptions.

#include "manifest/channel_parts.h"

namespace sluice {
namespace {

struct ChannelFields {
  Value<ChannelTemplateFields> channel_template;
  Value<DeliveryFields> delivery;
  Value<AnyYaml> subscribers;
};

struct InMemoryChannelFields {
  Value<DeliveryFields> delivery;
  Value<AnyYaml> subscribers;
};

void build_channel(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<ChannelFields>(resource);
  ChannelTemplate made = read_channel_template(fields.channel_template, resource, build);
  add_channel(resource, {std::move(made.channel), fields.delivery}, made.delivery, build);
}

ChannelParts read_in_memory_channel(const SpecPlace& place, const Resource&, Build& build) {
  return {ChannelSpec(), build.read_spec<InMemoryChannelFields>(place).delivery};
}

}  // namespace

template <>
const Shape<ChannelFields>& shape_of() {
  static const Shape<ChannelFields> shape(
      "Channel spec",
      {
          field<&ChannelFields::channel_template>(
              {"channelTemplate", "What kind of channel it is.", false, "InMemoryChannel"}),
          field<&ChannelFields::delivery>(kChannelDelivery),
          field<&ChannelFields::subscribers>(kSubscribers),
      });
  return shape;
}

template <>
const Shape<InMemoryChannelFields>& shape_of() {
  static const Shape<InMemoryChannelFields> shape(
      "InMemoryChannel spec", {field<&InMemoryChannelFields::delivery>(kChannelDelivery),
                               field<&InMemoryChannelFields::subscribers>(kSubscribers)});
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
  KindInfo info = channel_kind_info("InMemoryChannel", "messaging.knative.dev/v1");
  info.about =
      "A channel in memory: 202 means queued within its capacity, and what is queued is lost when "
      "the process dies.";
  info.spec = &shape_info<InMemoryChannelFields>;
  info.read_channel = read_in_memory_channel;
  return info;
}

}  // namespace sluice
