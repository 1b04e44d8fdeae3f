#include "broker/flow.h"

namespace sluice {
namespace {

ChannelResourceSpec make_channel_resource(const ChannelSpec& channel_template,
                                          const std::string& ns, std::string name) {
  ChannelResourceSpec resource;
  resource.channel = channel_template;
  resource.channel.ns = ns;
  resource.channel.name = std::move(name);
  return resource;
}

Destination address_of(const ChannelSpec& channel) { return {channel_path(channel)}; }

}  // namespace

std::string channel_path(const ChannelSpec& channel) {
  return "/" + channel.ns + "/channels/" + channel.name;
}

std::vector<ChannelResourceSpec> channels_of(const SequenceSpec& sequence) {
  std::vector<ChannelResourceSpec> channels;
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    channels.push_back(make_channel_resource(sequence.channel_template, sequence.ns,
                                             sequence.name + "-kn-sequence-" + std::to_string(i)));
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    DispatchSpec step = sequence.steps[i];
    step.name = channels[i].channel.name;
    step.reply = i + 1 < channels.size() ? address_of(channels[i + 1].channel) : sequence.reply;
    channels[i].subscriptions.push_back(std::move(step));
  }
  return channels;
}

std::vector<ChannelResourceSpec> channels_of(const ParallelSpec& parallel) {
  const std::string base = parallel.name + "-kn-parallel";
  std::vector<ChannelResourceSpec> channels;
  channels.push_back(make_channel_resource(parallel.channel_template, parallel.ns, base));
  for (std::size_t i = 0; i < parallel.branches.size(); ++i) {
    const ParallelSpec::Branch& branch = parallel.branches[i];
    const std::string name = base + "-" + std::to_string(i);
    auto channel = make_channel_resource(parallel.channel_template, parallel.ns, name);

    DispatchSpec filter = branch.filter.value_or(branch.subscriber);
    filter.name = base + "-filter-" + std::to_string(i);
    // An answer that is no event has not let the event pass.
    filter.plain_reply = PlainReply::ignore;
    if (branch.filter) {
      filter.reply = address_of(channel.channel);
    } else {
      filter.subscriber = address_of(channel.channel);
      filter.reply.reset();
    }
    channels.front().subscriptions.push_back(std::move(filter));

    DispatchSpec subscriber = branch.subscriber;
    subscriber.name = name;
    if (!subscriber.reply) subscriber.reply = parallel.reply;
    channel.subscriptions.push_back(std::move(subscriber));
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace sluice
