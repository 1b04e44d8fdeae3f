#include "cli/readiness.h"

#include <algorithm>

namespace sluice {
namespace {

/// Whether the channel `channel` is one of those that `entry` stands for: a Broker's own, a flow's.
bool is_channel_of(const std::string& channel, const ResourceEntry& entry) {
  if (entry.kind == "Broker") return channel == entry.name + "-kne-trigger";
  if (entry.kind == "Sequence") return channel.starts_with(entry.name + "-kn-sequence-");
  if (entry.kind == "Parallel") return channel.starts_with(entry.name + "-kn-parallel");
  return entry.kind.ends_with("Channel") && channel == entry.name;
}

bool concerns(const Trouble& trouble, const ResourceEntry& entry) {
  if (trouble.ns != entry.ns) return false;
  if (trouble.what == "channel") return is_channel_of(trouble.name, entry);
  if (trouble.what == "source") return entry.kind.ends_with("Source") && trouble.name == entry.name;
  return entry.kind == "InferenceService" && trouble.name == entry.name;
}

std::string_view reason_of(const Trouble& trouble) {
  if (trouble.what == "channel") return "ChannelNotReady";
  return trouble.what == "source" ? "SourceNotReady" : "ModelNotReady";
}

}  // namespace

std::vector<Trouble> troubles_of(const House& house) {
  std::vector<Trouble> troubles;
  for (const auto& channel : house.channels()) {
    std::string detail = channel->channel->status().trouble;
    if (detail.empty()) continue;
    troubles.push_back({"channel", channel->spec.ns, channel->spec.name, std::move(detail)});
  }
  for (const HouseReader& reader : house.readers()) {
    std::string detail = reader.reader->trouble();
    if (!detail.empty()) troubles.push_back({"source", reader.ns, reader.name, std::move(detail)});
  }
  for (const ResourceEntry& entry : house.resources()) {
    if (entry.kind != "InferenceService") continue;
    std::string detail = house.models().reason(entry.ns, entry.name);
    if (!detail.empty())
      troubles.push_back({"InferenceService", entry.ns, entry.name, std::move(detail)});
  }
  return troubles;
}

Condition condition_of(const ResourceEntry& entry, const std::vector<Trouble>& troubles) {
  const auto found =
      std::ranges::find_if(troubles, [&](const Trouble& t) { return concerns(t, entry); });
  if (found == troubles.end()) return {};
  return {reason_of(*found), found->detail};
}

}  // namespace sluice
