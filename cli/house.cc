#include "cli/house.h"

#include "broker/flow.h"
#include "cli/election.h"
#include "sinks/http_sink.h"
#include "sinks/inference_sink.h"

namespace sluice {
namespace {

std::string full_name(const std::string& ns, const std::string& name) { return ns + "/" + name; }

Error named(const Error& error, const std::string& resource) {
  return fail(error.code, resource + ": " + error.detail);
}

}  // namespace

House::House(CorePool& cores, HttpClientLimits limits)
    : cores_(cores), clients_(cores, limits), ending_(cores.core(0)) {}

House::~House() = default;

Result<HouseChannel*> House::add_channel(const ChannelSpec& spec, const std::string& broker) {
  auto holder = std::make_unique<HouseChannel>();
  holder->spec = spec;
  holder->broker = broker;
  auto channel = make_channel(spec);
  if (!channel) return named(channel.error(), "channel " + full_name(spec.ns, spec.name));
  holder->channel = std::move(channel).value();
  holder->is_durable = holder->channel->status().durable;
  return channels_.emplace_back(std::move(holder)).get();
}

/// `path` is /NS/NAME or /NS/PLURAL/NAME.
Result<void> House::add_address(const std::string& path, const SinkPtr& sink,
                                std::string_view kind) {
  const std::string ns = path.substr(1, path.find('/', 1) - 1);
  const std::string name = path.substr(path.rfind('/') + 1);
  return routes_.add(path, sink, std::string(kind), ns, name);
}

Result<void> House::add_broker(BrokerSpec& spec) {
  SLUICE_TRY(HouseChannel* const channel, add_channel(spec.channel, spec.name));
  const std::string path = ingress_path(spec.ns, "", spec.name);
  channel_at_[path] = channel->channel.get();
  SLUICE_TRY(
      add_address(path, std::make_shared<Broker>(*channel->channel, base_url_ + path), "broker"));
  for (DispatchSpec& trigger : spec.triggers) unwired_.emplace_back(channel, &trigger);
  return boost::outcome_v2::success();
}

Result<HouseChannel*> House::add_channel_resource(ChannelResourceSpec& spec) {
  SLUICE_TRY(HouseChannel* const channel, add_channel(spec.channel, ""));
  const std::string path = channel_path(spec.channel);
  channel_at_[path] = channel->channel.get();
  SLUICE_TRY(add_address(path, std::make_shared<ChannelSink>(*channel->channel, base_url_ + path),
                         "channel"));
  for (DispatchSpec& subscription : spec.subscriptions) {
    unwired_.emplace_back(channel, &subscription);
  }
  return channel;
}

/// A flow's own address is that of its first channel.
Result<void> House::add_flow(std::vector<ChannelResourceSpec>& channels, const std::string& path,
                             std::string_view kind) {
  HouseChannel* first = nullptr;
  for (ChannelResourceSpec& spec : channels) {
    SLUICE_TRY(HouseChannel* const channel, add_channel_resource(spec));
    if (first == nullptr) first = channel;
  }
  channel_at_[path] = first->channel.get();
  return add_address(path, std::make_shared<ChannelSink>(*first->channel, base_url_ + path), kind);
}

Result<SinkPtr> House::sink_for(const Destination& destination, const DispatchSpec& spec,
                                bool expects_reply) {
  if (destination.is_local()) {
    if (auto sink = routes_.sink_at(destination.address)) return sink;
    return fail(Errc::internal, "nothing has the address " + destination.address);
  }
  HttpSinkOptions options;
  options.url = destination.address;
  options.ns = spec.ns;
  options.expects_reply = expects_reply;
  options.format = spec.delivery.format;
  options.plain_reply = spec.plain_reply;
  SinkPtr& sink = http_sinks_[options];  // Those that differ in nothing are one.
  if (!sink) {
    SLUICE_TRY(sink, make_http_sink(options, clients_));
  }
  return sink;
}

Result<void> House::add_dispatcher(HouseChannel& channel, const DispatchSpec& spec) {
  DispatchTargets targets;
  SLUICE_TRY(targets.subscriber, sink_for(spec.subscriber, spec, true));
  if (spec.reply) {
    SLUICE_TRY(targets.reply, sink_for(*spec.reply, spec, false));
  }
  if (spec.delivery.dead_letter_sink) {
    SLUICE_TRY(targets.dead_letter, sink_for(*spec.delivery.dead_letter_sink, spec, false));
  }
  ConsumerOptions options;
  options.name = full_name(spec.ns, spec.name);
  options.filter = spec.filter;
  options.ordered = spec.ordered;
  options.read_ahead = spec.max_in_flight;
  options.core = &cores_.core_for(options.name);
  Core& core = *options.core;
  SLUICE_TRY(auto consumer, channel.channel->open_consumer(std::move(options)));
  channel.dispatchers.push_back(
      std::make_unique<Dispatcher>(core, spec, std::move(targets), std::move(consumer)));
  channel.filters.push_back(spec.filter);
  return boost::outcome_v2::success();
}

/// What takes events inside the process: models before those that ask them.
Result<void> House::add_sinks(const ResourceGraph& graph) {
  for (const InferenceServiceSpec& spec : graph.inference_services) {
    const std::string path = ingress_path(spec.ns, "inferenceservices", spec.name);
    SLUICE_TRY(add_address(path, models_.add(spec, path, base_url_ + path), "inferenceservice"));
  }
  for (const InferenceSinkSpec& spec : graph.inference_sinks) {
    const std::string path = ingress_path(spec.ns, "inferencesinks", spec.name);
    auto sink = make_inference_sink(spec, models_.at(spec.model), base_url_ + path);
    if (!sink) return named(sink.error(), "InferenceSink " + full_name(spec.ns, spec.name));
    SLUICE_TRY(add_address(path, sink.value(), "inferencesink"));
  }
  for (const SinkSpec& spec : graph.sinks) {
    const std::string path = ingress_path(spec.ns, "sinks", spec.name);
    SLUICE_TRY(auto sink, make_sink(spec, base_url_ + path));
    SLUICE_TRY(add_address(path, sink, "sink"));
  }
  return boost::outcome_v2::success();
}

Result<void> House::add_source(const SourceSpec& spec) {
  DispatchSpec as_sender;
  as_sender.ns = spec.ns;
  SLUICE_TRY(auto sink, sink_for(spec.sink, as_sender, false));
  Core& core = cores_.core_for(full_name(spec.ns, spec.name));
  SourceParts parts{std::move(sink), core, election_for(spec)};
  SLUICE_TRY(auto source, make_source(spec, std::move(parts)));
  sources_.push_back({spec, &core, std::move(source)});
  return boost::outcome_v2::success();
}

/// Processes that share the channel which a source feeds share the source's work.
std::shared_ptr<Election> House::election_for(const SourceSpec& spec) const {
  const auto found = channel_at_.find(spec.sink.address);
  if (found == channel_at_.end() || !found->second->status().durable) return nullptr;
  return std::make_shared<ChannelElection>(*found->second,
                                           spec.kind + "/" + full_name(spec.ns, spec.name));
}

/// The `index`-th member of its consumer group in this process.
Result<void> House::add_reader(const ReadingSourceSpec& spec, std::size_t index) {
  DispatchTargets targets;
  SLUICE_TRY(targets.subscriber, sink_for(spec.dispatch.subscriber, spec.dispatch, false));
  if (spec.dispatch.delivery.dead_letter_sink) {
    const Destination& destination = *spec.dispatch.delivery.dead_letter_sink;
    SLUICE_TRY(targets.dead_letter, sink_for(destination, spec.dispatch, false));
  }
  ConsumerOptions options;
  options.name = full_name(spec.source.ns, spec.source.name);
  options.ordered = spec.dispatch.ordered;
  options.read_ahead = spec.dispatch.max_in_flight;
  options.core = &cores_.core_for(options.name + "/" + std::to_string(index));
  auto made = make_reader(spec.source, options);
  if (!made) return named(made.error(), spec.source.kind + " " + options.name);
  HouseReader& holder = readers_.emplace_back();
  holder.ns = spec.source.ns;
  holder.name = spec.source.name;
  holder.reader = made.value().get();
  holder.dispatcher = std::make_unique<Dispatcher>(*options.core, spec.dispatch, std::move(targets),
                                                   std::move(made).value());
  return boost::outcome_v2::success();
}

Result<void> House::build(ResourceGraph graph, const std::string& base_url) {
  base_url_ = base_url;
  std::vector<std::vector<ChannelResourceSpec>> flows;  // unwired_ points into these.
  flows.reserve(graph.sequences.size() + graph.parallels.size());
  for (BrokerSpec& broker : graph.brokers) {
    const Destination itself{ingress_path(broker.ns, "", broker.name)};
    for (DispatchSpec& trigger : broker.triggers) trigger.reply = itself;
    SLUICE_TRY(add_broker(broker));
  }
  for (ChannelResourceSpec& channel : graph.channels) {
    SLUICE_TRY(add_channel_resource(channel));
  }
  for (const SequenceSpec& sequence : graph.sequences) {
    const std::string path = ingress_path(sequence.ns, "sequences", sequence.name);
    SLUICE_TRY(add_flow(flows.emplace_back(channels_of(sequence)), path, "sequence"));
  }
  for (const ParallelSpec& parallel : graph.parallels) {
    const std::string path = ingress_path(parallel.ns, "parallels", parallel.name);
    SLUICE_TRY(add_flow(flows.emplace_back(channels_of(parallel)), path, "parallel"));
  }
  SLUICE_TRY(add_sinks(graph));
  for (const auto& [channel, spec] : unwired_) {
    SLUICE_TRY(add_dispatcher(*channel, *spec));
    *spec = DispatchSpec();  // Its memory serves the next one.
  }
  unwired_ = {};
  for (const auto& channel : channels_) channel->filters.shrink_to_fit();
  for (const SourceSpec& source : graph.sources) {
    SLUICE_TRY(add_source(source));
  }
  for (const ReadingSourceSpec& source : graph.reading_sources) {
    for (std::size_t i = 0; i < source.readers; ++i) {
      SLUICE_TRY(add_reader(source, i));
    }
  }
  http_sinks_.clear();
  channel_at_.clear();
  // The specs live on in what was made of them; only the list is asked for again.
  resources_ = std::move(graph.resources);
  return boost::outcome_v2::success();
}

}  // namespace sluice
