#include "manifest/channel_parts.h"

#include "base/edit_distance.h"
#include "manifest/annotations.h"

namespace sluice {
namespace {

// The kind of channel that a template names. Where that is a slip the one that was probably meant,
// so that its spec is checked as well; null where nothing can be said about the spec.
const KindInfo* read_template_kind(const ChannelTemplateFields& fields, Findings& findings) {
  const KindInfo* kind = find_kind(*fields.kind);
  if (kind != nullptr && kind->is_channel()) {
    check_api_version(*kind, *fields.api_version.node, *fields.api_version, findings);
    check_backend(*kind, *fields.kind.node, findings);
    return kind;
  }
  const auto channels = channel_kind_names();
  findings.error(*fields.kind.node, in_quotes(*fields.kind) + " is not a kind of channel",
                 did_you_mean(*fields.kind, channels, "use " + one_of(channels)));
  const auto meant = nearest(*fields.kind, channels);
  return meant ? find_kind(*meant) : nullptr;
}

SpecPlace place_of(const Value<ChannelTemplateFields>& fields) {
  SpecPlace place{nullptr, nullptr, fields->kind.node, fields.node, "channelTemplate"};
  if (fields->spec) {
    place.spec = fields->spec.node;
    place.key = fields.node->find("spec")->key;
  }
  return place;
}

}  // namespace

ChannelTemplate read_channel_template(const Value<ChannelTemplateFields>& fields,
                                      const Resource& owner, Build& build) {
  ChannelTemplate result;
  result.channel.ns = owner.ns;
  if (!fields || !fields->kind || !fields->api_version) return result;
  const KindInfo* kind = read_template_kind(*fields, build.findings);
  if (kind == nullptr) return result;
  ChannelParts parts = kind->read_channel(place_of(fields), owner, build);
  result.channel = std::move(parts.channel);
  result.channel.kind = kind->kind;
  result.channel.ns = owner.ns;
  result.has_delivery = static_cast<bool>(parts.delivery);
  result.delivery = read_delivery(parts.delivery, DeliveryPolicy(), owner, build);
  return result;
}

void add_channel(const Resource& resource, ChannelParts parts, const DeliveryPolicy& outer,
                 Build& build) {
  ChannelResourceSpec spec;
  spec.channel = std::move(parts.channel);
  spec.channel.ns = resource.ns;
  spec.channel.name = resource.name;
  read_capacity_annotations(resource, spec.channel, build.findings);
  const Value<DeliveryFields>& fields = parts.delivery;
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

void build_channel_of_its_kind(const Resource& resource, Build& build) {
  ChannelParts parts = resource.kind->read_channel(place_of(resource), resource, build);
  parts.channel.kind = resource.kind->kind;
  add_channel(resource, std::move(parts), DeliveryPolicy(), build);
}

KindInfo channel_kind_info(std::string_view kind, std::string_view api_version) {
  KindInfo info;
  info.kind = kind;
  info.api_versions = {api_version};
  info.addressing = Addressing::local;
  info.plural = "channels";
  info.build = build_channel_of_its_kind;
  return info;
}

}  // namespace sluice
