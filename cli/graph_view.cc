#include "cli/graph_view.h"

#include "filter/filter_text.h"
#include "filter/satisfiable.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace sluice {
namespace {

using EdgeKind = GraphView::Edge::Kind;

// What a source or a sink outside the process reads or writes. Never its address: a password may
// stand in it.
std::string log_text(const nlohmann::json& spec) {
  if (spec.contains("stream")) return "stream " + spec["stream"].get<std::string>();
  if (spec.contains("topic")) return "topic " + spec["topic"].get<std::string>();
  std::string out;
  for (const auto& topic : spec.value("topics", nlohmann::json::array())) {
    out += (out.empty() ? "topic " : ", ") + topic.get<std::string>();
  }
  return out;
}

// What backs a Broker, a Channel or a flow, where it is not the usual.
std::string backing_text(const ChannelSpec& channel) {
  return channel.kind == "InMemoryChannel" ? "" : "on " + channel.kind;
}

class Drawing {
 public:
  GraphView draw(const ResourceGraph& graph) {
    for (const ResourceEntry& entry : graph.resources) {
      if (!entry.url.empty()) services_.emplace(entry.url, &entry);
      if (!entry.path.empty()) declared_.emplace(entry.path, &entry);
    }
    for (const InferenceServiceSpec& model : graph.inference_services) {
      reply_types_.emplace(ingress_path(model.ns, "inferenceservices", model.name),
                           kCompletionType);
    }
    for (const InferenceSinkSpec& sink : graph.inference_sinks) {
      reply_types_.emplace(ingress_path(sink.ns, "inferencesinks", sink.name), sink.reply_type);
    }
    for (const SourceSpec& source : graph.sources) draw_source(source);
    for (const ReadingSourceSpec& source : graph.reading_sources) draw_reading_source(source);
    for (const BrokerSpec& broker : graph.brokers) draw_broker(broker);
    for (const ChannelResourceSpec& channel : graph.channels) draw_channel(channel);
    for (const SequenceSpec& sequence : graph.sequences) draw_sequence(sequence);
    for (const ParallelSpec& parallel : graph.parallels) draw_parallel(parallel);
    for (const SinkSpec& sink : graph.sinks) {
      const std::string path = ingress_path(sink.ns, "sinks", sink.name);
      view_.nodes[local(path, sink.kind, sink.ns, sink.name)].detail = log_text(sink.spec);
    }
    for (const InferenceServiceSpec& model : graph.inference_services) draw_model(model);
    for (const InferenceSinkSpec& sink : graph.inference_sinks) draw_inference_sink(sink);
    for (const EventLoop& loop : graph.loops) mark(loop);
    return std::move(view_);
  }

 private:
  std::size_t add(std::string kind, std::string ns, std::string name, std::string detail = {}) {
    const std::size_t index = view_.nodes.size();
    if (!name.empty()) by_part_.emplace(kind + " " + ns + "/" + name, index);
    view_.nodes.push_back({"n" + std::to_string(index),
                           std::move(kind),
                           std::move(ns),
                           std::move(name),
                           std::move(detail),
                           {}});
    return index;
  }

  // The node of an ingress path. One that was only referred to so far gets its kind here.
  std::size_t local(const std::string& path, const std::string& kind, const std::string& ns,
                    const std::string& name) {
    const auto [found, fresh] = by_address_.try_emplace(path, view_.nodes.size());
    if (fresh) return add(kind, ns, name);
    GraphView::Node& node = view_.nodes[found->second];
    node.kind = kind;
    node.ns = ns;
    node.name = name;
    return found->second;
  }

  std::size_t target(const Destination& destination) {
    const auto [found, fresh] = by_address_.try_emplace(destination.address, view_.nodes.size());
    if (!fresh) return found->second;
    if (destination.is_local()) return add("", "", "");  // Its own line fills it in.
    const auto service = services_.find(destination.address);
    if (service == services_.end()) return add("URL", "", destination.address);
    return add("Service", service->second->ns, service->second->name, destination.address);
  }

  void edge(std::size_t from, std::size_t to, EdgeKind kind, std::string label = {}) {
    view_.edges.push_back(
        {view_.nodes[from].id, view_.nodes[to].id, kind, std::move(label), false});
  }

  void dead_letters(std::size_t from, const DeliveryPolicy& delivery) {
    if (!delivery.dead_letter_sink) return;
    edge(from, target(*delivery.dead_letter_sink), EdgeKind::dead_letter);
  }

  // The type of what its subscriber answers, as far as it is known.
  std::string reply_type(const DispatchSpec& spec) const {
    const bool wraps = spec.plain_reply == PlainReply::wrap && !spec.subscriber.is_local();
    if (wraps) return std::string(kPlainReplyType);
    const auto known = reply_types_.find(spec.subscriber.address);
    return known == reply_types_.end() ? "" : known->second;
  }

  void reply(std::size_t from, const DispatchSpec& spec, const std::optional<Destination>& to) {
    if (to) edge(from, target(*to), EdgeKind::reply, reply_type(spec));
  }

  void draw_source(const SourceSpec& source) {
    const std::size_t node =
        add(source.kind, source.ns, source.name, source.spec.value("schedule", "* * * * *"));
    edge(node, target(source.sink), EdgeKind::event);
  }

  void draw_reading_source(const ReadingSourceSpec& spec) {
    const SourceSpec& source = spec.source;
    const std::size_t node = add(source.kind, source.ns, source.name, log_text(source.spec));
    edge(node, target(spec.dispatch.subscriber), EdgeKind::event);
    dead_letters(node, spec.dispatch.delivery);
  }

  void draw_broker(const BrokerSpec& spec) {
    const std::size_t broker =
        local(ingress_path(spec.ns, "", spec.name), "Broker", spec.ns, spec.name);
    view_.nodes[broker].detail = backing_text(spec.channel);
    for (const DispatchSpec& trigger : spec.triggers) {
      const std::string filter = filter_text(trigger.filter_json);
      const std::size_t node = add("Trigger", trigger.ns, trigger.name, filter);
      view_.nodes[node].never = why_never(trigger.filter_json).value_or("");
      edge(broker, node, EdgeKind::event, filter);
      edge(node, target(trigger.subscriber), EdgeKind::event);
      if (!reply_type(trigger).empty()) reply(node, trigger, trigger.reply);
      dead_letters(node, trigger.delivery);
    }
  }

  void draw_channel(const ChannelResourceSpec& spec) {
    const std::string path = ingress_path(spec.channel.ns, "channels", spec.channel.name);
    // As declared: the kind of a Channel's spec is that of what backs it.
    const auto entry = declared_.find(path);
    const std::string kind(entry == declared_.end() ? spec.channel.kind : entry->second->kind);
    const std::size_t channel = local(path, kind, spec.channel.ns, spec.channel.name);
    if (kind == "Channel") view_.nodes[channel].detail = backing_text(spec.channel);
    for (const DispatchSpec& subscription : spec.subscriptions) {
      const std::size_t node = add("Subscription", subscription.ns, subscription.name);
      edge(channel, node, EdgeKind::event);
      edge(node, target(subscription.subscriber), EdgeKind::event);
      reply(node, subscription, subscription.reply);
      dead_letters(node, subscription.delivery);
    }
  }

  void draw_sequence(const SequenceSpec& spec) {
    std::size_t before =
        local(ingress_path(spec.ns, "sequences", spec.name), "Sequence", spec.ns, spec.name);
    view_.nodes[before].detail = backing_text(spec.channel_template);
    const DispatchSpec* last = nullptr;
    for (const DispatchSpec& step : spec.steps) {
      const std::size_t node = add("Step", step.ns, step.name);
      edge(before, node, last == nullptr ? EdgeKind::event : EdgeKind::reply,
           last == nullptr ? "" : reply_type(*last));
      edge(node, target(step.subscriber), EdgeKind::event);
      dead_letters(node, step.delivery);
      before = node;
      last = &step;
    }
    if (last != nullptr) reply(before, *last, spec.reply);
  }

  void draw_parallel(const ParallelSpec& spec) {
    const std::size_t parallel =
        local(ingress_path(spec.ns, "parallels", spec.name), "Parallel", spec.ns, spec.name);
    view_.nodes[parallel].detail = backing_text(spec.channel_template);
    for (const ParallelSpec::Branch& branch : spec.branches) {
      const DispatchSpec& subscriber = branch.subscriber;
      const std::size_t node = add("Branch", subscriber.ns, subscriber.name);
      edge(parallel, node, EdgeKind::event);
      if (branch.filter) edge(node, target(branch.filter->subscriber), EdgeKind::event, "filter");
      edge(node, target(subscriber.subscriber), EdgeKind::event);
      reply(node, subscriber, subscriber.reply ? subscriber.reply : spec.reply);
      dead_letters(node, subscriber.delivery);
    }
  }

  void draw_model(const InferenceServiceSpec& spec) {
    const std::size_t node = local(ingress_path(spec.ns, "inferenceservices", spec.name),
                                   "InferenceService", spec.ns, spec.name);
    if (spec.model_name != spec.name) view_.nodes[node].detail = "model " + spec.model_name;
  }

  void draw_inference_sink(const InferenceSinkSpec& spec) {
    const std::size_t node = local(ingress_path(spec.ns, "inferencesinks", spec.name),
                                   "InferenceSink", spec.ns, spec.name);
    edge(node, target(Destination{spec.model}), EdgeKind::event, "prompt");
  }

  // The arrows between what the loop leads through.
  void mark(const EventLoop& loop) {
    std::unordered_set<std::string> ids;
    for (const std::string& address : loop.addresses) {
      const auto found = by_address_.find(address);
      if (found != by_address_.end()) ids.insert(view_.nodes[found->second].id);
    }
    for (const PartName& part : loop.parts) {
      const auto found = by_part_.find(part.kind + " " + part.ns + "/" + part.name);
      if (found != by_part_.end()) ids.insert(view_.nodes[found->second].id);
    }
    for (GraphView::Edge& edge : view_.edges) {
      const bool is_inside = ids.contains(edge.from) && ids.contains(edge.to);
      if (is_inside && edge.kind != EdgeKind::dead_letter) edge.in_loop = true;
    }
  }

  GraphView view_;
  std::unordered_map<std::string, std::size_t> by_address_;
  std::unordered_map<std::string, std::size_t> by_part_;            // By kind and name.
  std::unordered_map<std::string, std::string> reply_types_;        // By ingress path.
  std::unordered_map<std::string, const ResourceEntry*> services_;  // By URL.
  std::unordered_map<std::string, const ResourceEntry*> declared_;  // By ingress path.
};

}  // namespace

GraphView graph_view(const ResourceGraph& graph) { return Drawing().draw(graph); }

}  // namespace sluice
