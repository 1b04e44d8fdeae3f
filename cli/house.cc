#include "cli/house.h"

#include "base/on_core.h"
#include "base/wait_queue.h"
#include "broker/flow.h"
#include "sinks/http_sink.h"
#include "sinks/inference_sink.h"

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::steady_clock;

// How often drain() looks whether the channels are empty.
constexpr std::chrono::milliseconds kDrainPoll{10};

std::string full_name(const std::string& ns, const std::string& name) { return ns + "/" + name; }

Error named(const Error& error, const std::string& resource) {
  return fail(error.code, resource + ": " + error.detail);
}

}  // namespace

House::House(CorePool& cores, HttpClientLimits limits)
    : cores_(cores), clients_(cores, limits), ending_(cores.core(0)) {}

House::~House() = default;

Result<HouseChannel*> House::add_channel(const ChannelSpec& spec, bool is_brokers) {
  auto holder = std::make_unique<HouseChannel>();
  holder->spec = spec;
  holder->is_brokers = is_brokers;
  auto channel = make_channel(spec);
  if (!channel) return named(channel.error(), "channel " + full_name(spec.ns, spec.name));
  holder->channel = std::move(channel).value();
  return channels_.emplace_back(std::move(holder)).get();
}

/// `path` is /NS/NAME or /NS/PLURAL/NAME.
Result<void> House::add_address(const std::string& path, const SinkPtr& sink,
                                std::string_view kind) {
  const std::string ns = path.substr(1, path.find('/', 1) - 1);
  const std::string name = path.substr(path.rfind('/') + 1);
  return routes_.add(path, sink, std::string(kind), ns, name);
}

Result<void> House::add_broker(const BrokerSpec& spec) {
  SLUICE_TRY(HouseChannel* const channel, add_channel(spec.channel, true));
  const std::string path = ingress_path(spec.ns, "", spec.name);
  SLUICE_TRY(
      add_address(path, std::make_shared<Broker>(*channel->channel, base_url_ + path), "broker"));
  for (const DispatchSpec& trigger : spec.triggers) unwired_.emplace_back(channel, &trigger);
  return boost::outcome_v2::success();
}

Result<HouseChannel*> House::add_channel_resource(const ChannelResourceSpec& spec) {
  SLUICE_TRY(HouseChannel* const channel, add_channel(spec.channel, false));
  const std::string path = channel_path(spec.channel);
  SLUICE_TRY(add_address(path, std::make_shared<ChannelSink>(*channel->channel, base_url_ + path),
                         "channel"));
  for (const DispatchSpec& subscription : spec.subscriptions) {
    unwired_.emplace_back(channel, &subscription);
  }
  return channel;
}

/// A flow's own address is that of its first channel.
Result<void> House::add_flow(const std::vector<ChannelResourceSpec>& channels,
                             const std::string& path, std::string_view kind) {
  HouseChannel* first = nullptr;
  for (const ChannelResourceSpec& spec : channels) {
    SLUICE_TRY(HouseChannel* const channel, add_channel_resource(spec));
    if (first == nullptr) first = channel;
  }
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
  options.core = &cores_.core_for(options.name);
  Core& core = *options.core;
  SLUICE_TRY(auto consumer, channel.channel->open_consumer(std::move(options)));
  channel.dispatchers.push_back(
      std::make_unique<Dispatcher>(core, spec, std::move(targets), std::move(consumer)));
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
  SLUICE_TRY(auto source, make_source(spec, std::move(sink), core));
  sources_.push_back({spec, &core, std::move(source)});
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
  for (const ChannelResourceSpec& channel : graph.channels) {
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
  }
  unwired_ = {};
  for (const SourceSpec& source : graph.sources) {
    SLUICE_TRY(add_source(source));
  }
  http_sinks_.clear();
  // The specs live on in what was made of them; only the list is asked for again.
  resources_ = std::move(graph.resources);
  return boost::outcome_v2::success();
}

namespace {

/// Calls `visit` with every dispatcher of `core`, on it.
template <typename Visit>
Awaitable<void> visit_dispatchers(const std::vector<std::unique_ptr<HouseChannel>>& channels,
                                  const Core& core, Visit& visit) {
  for (const auto& channel : channels) {
    for (const auto& dispatcher : channel->dispatchers) {
      if (&dispatcher->core() == &core) visit(*dispatcher);
    }
  }
  co_return;
}

Awaitable<void> start_source(Source& source) {
  source.start();
  co_return;
}

Awaitable<void> hurry(Core& core) {
  core.deadlines().hurry();
  co_return;
}

Awaitable<void> stop_dispatchers(const std::vector<std::unique_ptr<HouseChannel>>& channels,
                                 Core& core) {
  for (const auto& channel : channels) {
    for (const auto& dispatcher : channel->dispatchers) {
      if (&dispatcher->core() == &core) co_await dispatcher->stop();
    }
  }
}

}  // namespace

template <typename Visit>
Awaitable<void> House::visit_all(Visit visit) {
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    Core& core = cores_.core(i);
    co_await on_core(core, visit_dispatchers(channels_, core, visit));
  }
}

Awaitable<void> House::start() {
  co_await visit_all([](Dispatcher& dispatcher) { dispatcher.start(); });
  for (const HouseSource& source : sources_) {
    co_await on_core(*source.core, start_source(*source.source));
  }
}

std::uint64_t House::depth() const noexcept {
  std::uint64_t depth = 0;
  for (const auto& channel : channels_) depth += channel->channel->depth();
  return depth;
}

Awaitable<bool> House::is_idle_until(Deadline deadline) {
  bool idle = true;
  co_await visit_all([&](Dispatcher& one) { idle = idle && one.is_idle_until(deadline); });
  co_return idle;
}

Awaitable<std::uint64_t> House::drain(Deadline deadline, const bool& cut_short) {
  co_await visit_all([deadline](Dispatcher& dispatcher) { dispatcher.drain_until(deadline); });
  // Each apart: a source whose sink hangs must hold up neither the others nor the deadline.
  for (const HouseSource& source : sources_) {
    ending_.spawn(on_core(*source.core, source.source->stop()));
  }
  WaitQueue clock;
  int quiet_polls = 0;  // Two in a row: an event between two channels during the first has arrived.
  while (steady_clock::now() < deadline && quiet_polls < 2 && !cut_short) {
    bool quiet = depth() == 0;
    if (!quiet) quiet = co_await is_idle_until(deadline);
    quiet = quiet && ending_.size() == 0 && models_.is_idle();
    quiet_polls = quiet ? quiet_polls + 1 : 0;
    co_await clock.wait(*Core::current(), std::min(deadline, steady_clock::now() + kDrainPoll));
  }
  // Closed before the last count: nothing can be accepted and lost behind it.
  for (const auto& channel : channels_) co_await channel->channel->close();
  co_return depth();
}

Awaitable<void> House::stop() {
  for (const auto& channel : channels_) co_await channel->channel->close();
  co_await visit_all([](Dispatcher& dispatcher) { dispatcher.halt(); });
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    co_await on_core(cores_.core(i), hurry(cores_.core(i)));
  }
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    co_await on_core(cores_.core(i), stop_dispatchers(channels_, cores_.core(i)));
  }
  models_.stop();
  co_await ending_.join();
}

}  // namespace sluice
