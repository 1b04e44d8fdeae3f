#pragma once

#include "manifest/build.h"

namespace sluice {

/// A channel as its own fields describe it, without a name.
struct ChannelParts {
  ChannelSpec channel;
  Value<DeliveryFields> delivery;
};

/// A channel as a channelTemplate describes it, and the delivery of its spec.
struct ChannelTemplate {
  ChannelSpec channel;
  DeliveryPolicy delivery;
  bool has_delivery = false;
};

/// The fields of the template's kind are read by that kind. An InMemoryChannel where there is no
/// template.
[[nodiscard]] ChannelTemplate read_channel_template(const Value<ChannelTemplateFields>& fields,
                                                    const Resource& owner, Build& build);

/// Puts the channel of `resource` into the graph, for Subscriptions to attach to.
void add_channel(const Resource& resource, ChannelParts parts, const DeliveryPolicy& outer,
                 Build& build);

/// KindInfo::build of a kind that is a channel.
void build_channel_of_its_kind(const Resource& resource, Build& build);

/// What every kind of channel has.
[[nodiscard]] KindInfo channel_kind_info(std::string_view kind, std::string_view api_version);

/// The line of `delivery` in a channel's table.
inline constexpr FieldInfo kChannelDelivery = {
    "delivery", "Serves the Subscriptions that have none of their own.", false, "one attempt"};

/// The line of `subscribers` in the table of a channel that Knative has too.
inline constexpr FieldInfo kSubscribers = {
    "subscribers", "Accepted, as Knative's controllers write it, and ignored."};

}  // namespace sluice
