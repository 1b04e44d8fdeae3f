#pragma once

#include "base/task_group.h"
#include "broker/broker.h"
#include "broker/dispatcher.h"
#include "broker/routing_table.h"
#include "cli/models.h"
#include "manifest/resource_graph.h"
#include "sinks/http_client.h"
#include "sinks/http_sink.h"
#include "sources/source.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// One channel and what reads it.
struct HouseChannel {
  ChannelSpec spec;
  std::string broker;       ///< The name of the Broker whose channel it is; empty: it is none's.
  bool is_durable = false;  ///< What it holds outlives this process.
  std::unique_ptr<Channel> channel;
  std::vector<std::unique_ptr<Dispatcher>> dispatchers;
  std::vector<FilterPtr> filters;  ///< Of its dispatchers, in their order, for explaining.

  /// Whether its dispatchers are triggers, else subscriptions.
  [[nodiscard]] bool is_brokers() const noexcept { return !broker.empty(); }
};

struct HouseSource {
  SourceSpec spec;
  Core* core = nullptr;
  std::unique_ptr<Source> source;
};

/// A source that reads somebody's log, and what carries its events.
struct HouseReader {
  std::string ns;
  std::string name;
  Reader* reader = nullptr;  ///< The dispatcher's.
  std::unique_ptr<Dispatcher> dispatcher;
};

/// Everything that a resource graph describes, running.
///
/// Lifecycle: construct -> build() -> start() -> drain() -> stop() -> the cores stop -> destroy.
class House {
 public:
  House(CorePool& cores, HttpClientLimits limits);
  ~House();

  /// Makes every channel, sink, dispatcher and source of `graph`. `base_url` is the ingress's, such
  /// as "http://127.0.0.1:8080".
  /// Errors: what the factories refuse, naming the resource.
  Result<void> build(ResourceGraph graph, const std::string& base_url);

  /// Starts dispatchers, then sources.
  Awaitable<void> start();

  /// Lets the models begin to load. What asks them waits until they are there.
  void load_models() { models_.start(); }

  /// Stops the sources and waits until they have ended, every channel in memory is empty and no
  /// model is asked, `deadline` has passed, `cut_short` has become true, or all that is left waits
  /// for retries past the deadline. What a durable channel or a log holds is left there: only
  /// attempts that are open are waited for. Accepts nothing more then, and answers how many events
  /// are lost with this process.
  Awaitable<std::uint64_t> drain(Deadline deadline, const bool& cut_short);

  /// Ends everything, settled or not. Every waiting on the cores is cut short from here on.
  Awaitable<void> stop();

  [[nodiscard]] const RoutingTable& routes() const noexcept { return routes_; }
  [[nodiscard]] const std::vector<ResourceEntry>& resources() const noexcept { return resources_; }
  [[nodiscard]] const std::string& base_url() const noexcept { return base_url_; }
  [[nodiscard]] const std::vector<std::unique_ptr<HouseChannel>>& channels() const noexcept {
    return channels_;
  }
  [[nodiscard]] const std::vector<HouseSource>& sources() const noexcept { return sources_; }
  [[nodiscard]] const std::vector<HouseReader>& readers() const noexcept { return readers_; }
  [[nodiscard]] const Models& models() const noexcept { return models_; }

  /// Calls `visit(Dispatcher&, bool is_kept)` with every one; kept: what it does not settle
  /// outlives this process.
  template <typename Visit>
  void for_each_dispatcher(Visit&& visit) const {
    for (const auto& channel : channels_) {
      for (const auto& dispatcher : channel->dispatchers) visit(*dispatcher, channel->is_durable);
    }
    for (const HouseReader& reader : readers_) visit(*reader.dispatcher, true);
  }

  /// Events that channels in memory hold: what would be lost with this process.
  [[nodiscard]] std::uint64_t depth() const { return depth_of(false); }

  /// Events that durable channels hold, as far as this process knows.
  [[nodiscard]] std::uint64_t kept() const { return depth_of(true); }

 private:
  Result<HouseChannel*> add_channel(const ChannelSpec& spec, const std::string& broker);
  Result<void> add_address(const std::string& path, const SinkPtr& sink, std::string_view kind);
  Result<void> add_broker(BrokerSpec& spec);
  Result<HouseChannel*> add_channel_resource(ChannelResourceSpec& spec);
  Result<void> add_flow(std::vector<ChannelResourceSpec>& channels, const std::string& path,
                        std::string_view kind);
  Result<void> add_dispatcher(HouseChannel& channel, const DispatchSpec& spec);
  Result<SinkPtr> sink_for(const Destination& destination, const DispatchSpec& spec,
                           bool expects_reply);
  Result<void> add_sinks(const ResourceGraph& graph);
  Result<void> add_source(const SourceSpec& spec);
  Result<void> add_reader(const ReadingSourceSpec& spec, std::size_t index);
  std::shared_ptr<Election> election_for(const SourceSpec& spec) const;
  Awaitable<bool> is_idle_until(Deadline deadline);
  Awaitable<void> close_backends();
  [[nodiscard]] std::uint64_t depth_of(bool durable) const;
  template <typename Visit>
  Awaitable<void> visit_all(Visit visit);

  CorePool& cores_;
  HttpClients clients_;
  std::vector<ResourceEntry> resources_;
  std::string base_url_;
  RoutingTable routes_;
  std::vector<std::unique_ptr<HouseChannel>> channels_;
  std::vector<std::pair<HouseChannel*, DispatchSpec*>> unwired_;  // During build() only.
  std::map<HttpSinkOptions, SinkPtr> http_sinks_;                 // During build() only.
  std::map<std::string, Channel*> channel_at_;                    // During build() only.
  Models models_;
  std::vector<HouseSource> sources_;
  std::vector<HouseReader> readers_;
  TaskGroup ending_;  // On the first core.
};

}  // namespace sluice
