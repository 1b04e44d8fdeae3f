#include "cli/admin_pages.h"

#include "cli/explain_page.h"
#include "cli/readiness.h"
#include "cli/version.h"

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <map>
#include <string>
#include <utility>

namespace sluice {
namespace {

void write_outcomes(MetricSeries& out, std::string_view label, const Dispatcher& dispatcher) {
  const DispatchCounters& counters = dispatcher.counters();
  const std::initializer_list<std::pair<std::string_view, std::uint64_t>> outcomes = {
      {"filtered", dispatcher.filtered()},
      {"delivered", counters.delivered.load(std::memory_order_relaxed)},
      {"retried", counters.retried.load(std::memory_order_relaxed)},
      {"dead_lettered", counters.dead_lettered.load(std::memory_order_relaxed)},
      {"dropped", counters.dropped.load(std::memory_order_relaxed)}};
  for (const auto& [outcome, count] : outcomes) {
    out.value({{"namespace", dispatcher.ns()}, {label, dispatcher.name()}, {"outcome", outcome}},
              static_cast<double>(count));
  }
}

using Outcomes = std::map<std::string_view, std::uint64_t>;

void write_source(MetricSeries& out, const std::string& ns, const std::string& name,
                  const Outcomes& outcomes) {
  for (const auto& [outcome, count] : outcomes) {
    out.value({{"namespace", ns}, {"source", name}, {"outcome", outcome}},
              static_cast<double>(count));
  }
}

/// By namespace and name: a source may have several readers.
std::map<std::pair<std::string, std::string>, Outcomes> reader_outcomes(const House& house) {
  std::map<std::pair<std::string, std::string>, Outcomes> all;
  for (const HouseReader& reader : house.readers()) {
    const DispatchCounters& counters = reader.dispatcher->counters();
    Outcomes& outcomes = all[{reader.ns, reader.name}];
    outcomes["delivered"] += counters.delivered.load(std::memory_order_relaxed);
    outcomes["retried"] += counters.retried.load(std::memory_order_relaxed);
    outcomes["dead_lettered"] += counters.dead_lettered.load(std::memory_order_relaxed);
    outcomes["dropped"] += counters.dropped.load(std::memory_order_relaxed);
  }
  return all;
}

/// One line. What a damaged file has brought into a reason may be no UTF-8.
std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

template <typename Visit>
void for_each_dispatcher(const House& house, Visit&& visit) {
  for (const auto& channel : house.channels()) {
    for (const auto& dispatcher : channel->dispatchers) visit(*channel, *dispatcher);
  }
}

}  // namespace

AdminPages::AdminPages(const House& house) : house_(house) {
  add_ingress_metrics();
  add_dispatch_metrics();
  add_channel_and_source_metrics();
  house_.models().add_metrics(metrics_);
  metrics_.add("sluice_build_info", "Always 1; the version of this process.", MetricType::gauge,
               [](MetricSeries& out) {
                 out.value({{"version", version_text()}}, 1);
               });
}

void AdminPages::add_ingress_metrics() {
  metrics_.add("sluice_ingress_events_total", "Answers of the ingress to events, by status.",
               MetricType::counter, [this](MetricSeries& out) {
                 house_.routes().for_each([&](const Route& route) {
                   for (std::size_t i = 0; i < IngressCounters::kCodes.size(); ++i) {
                     const auto count = route.counters.at(i);
                     const std::string code = std::to_string(IngressCounters::kCodes[i]);
                     const bool always = code == "202" && route.kind != "none";
                     if (count == 0 && !always) continue;
                     out.value({{"namespace", route.ns},
                                {"kind", route.kind},
                                {"name", route.name},
                                {"code", code}},
                               static_cast<double>(count));
                   }
                 });
               });
}

void AdminPages::add_dispatch_metrics() {
  metrics_.add("sluice_trigger_events_total", "Events by what became of them, per Trigger.",
               MetricType::counter, [this](MetricSeries& out) {
                 for_each_dispatcher(house_, [&](const HouseChannel& channel, const Dispatcher& d) {
                   if (channel.is_brokers()) write_outcomes(out, "trigger", d);
                 });
               });
  metrics_.add("sluice_subscription_events_total",
               "Events by what became of them, per Subscription and flow step.",
               MetricType::counter, [this](MetricSeries& out) {
                 for_each_dispatcher(house_, [&](const HouseChannel& channel, const Dispatcher& d) {
                   if (!channel.is_brokers()) write_outcomes(out, "subscription", d);
                 });
               });
  metrics_.add("sluice_dispatch_duration_seconds", "How long an attempt at a subscriber took.",
               MetricType::histogram, [this](MetricSeries& out) {
                 for_each_dispatcher(house_, [&](const HouseChannel& channel, const Dispatcher& d) {
                   if (!channel.is_brokers()) return;
                   out.histogram({{"namespace", d.ns()}, {"trigger", d.name()}},
                                 d.counters().attempt_seconds);
                 });
               });
  metrics_.add(
      "sluice_ignored_replies_total", "2xx answers whose body was no event, ignored.",
      MetricType::counter, [this](MetricSeries& out) {
        for_each_dispatcher(house_, [&](const HouseChannel&, const Dispatcher& d) {
          const auto count = d.counters().ignored_replies.load(std::memory_order_relaxed);
          if (count == 0) return;
          out.value({{"namespace", d.ns()}, {"name", d.name()}}, static_cast<double>(count));
        });
      });
}

void AdminPages::add_channel_and_source_metrics() {
  metrics_.add("sluice_channel_depth_events", "Events accepted and not yet settled by everyone.",
               MetricType::gauge, [this](MetricSeries& out) {
                 for (const auto& channel : house_.channels()) {
                   out.value({{"namespace", channel->spec.ns}, {"channel", channel->spec.name}},
                             static_cast<double>(channel->channel->depth()));
                 }
               });
  metrics_.add("sluice_source_events_total", "Events by what became of them, per source.",
               MetricType::counter, [this](MetricSeries& out) {
                 for (const HouseSource& source : house_.sources()) {
                   const SourceCounters& counters = source.source->counters();
                   write_source(out, source.spec.ns, source.spec.name,
                                {{"delivered", counters.delivered.load(std::memory_order_relaxed)},
                                 {"retried", counters.retried.load(std::memory_order_relaxed)},
                                 {"dropped", counters.dropped.load(std::memory_order_relaxed)}});
                 }
                 for (const auto& [id, outcomes] : reader_outcomes(house_)) {
                   write_source(out, id.first, id.second, outcomes);
                 }
               });
}

AdminPage AdminPages::readiness() const {
  nlohmann::ordered_json reasons = nlohmann::ordered_json::array();
  if (draining_.load(std::memory_order_relaxed)) reasons.push_back("draining");
  if (!ready_.load(std::memory_order_relaxed)) reasons.push_back("starting");
  for (const Trouble& trouble : troubles_of(house_)) {
    reasons.push_back(std::string(trouble.what) + " " + trouble.ns + "/" + trouble.name + ": " +
                      trouble.detail);
  }
  const bool ready = reasons.empty();
  const nlohmann::ordered_json body = {{"ready", ready}, {"reasons", std::move(reasons)}};
  return {ready ? 200 : 503, "application/json", dumped(body)};
}

AdminPage AdminPages::resources() const {
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  const bool ready = ready_.load(std::memory_order_relaxed);
  const auto troubles = troubles_of(house_);
  for (const ResourceEntry& entry : house_.resources()) {
    nlohmann::ordered_json item = {{"apiVersion", entry.api_version},
                                   {"kind", entry.kind},
                                   {"namespace", entry.ns},
                                   {"name", entry.name}};
    const std::string url = entry.path.empty() ? entry.url : house_.base_url() + entry.path;
    item["address"] = url.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json{{"url", url}};
    const Condition condition = condition_of(entry, troubles);
    item["ready"] = ready && condition.reason.empty();
    item["reason"] = ready ? condition.reason : "Starting";
    item["message"] = condition.detail;
    items.push_back(std::move(item));
  }
  const nlohmann::ordered_json body = {{"items", std::move(items)}};
  return {200, "application/json", dumped(body)};
}

void AdminPages::add_to(Admin& admin) {
  admin.add("/healthz", [] { return AdminPage{200, "text/plain", "ok\n"}; });
  admin.add("/readyz", [this] { return readiness(); });
  admin.add("/metrics", [this] {
    return AdminPage{200, "text/plain; version=0.0.4; charset=utf-8", metrics_.to_text()};
  });
  admin.add("/version", [] { return AdminPage{200, "application/json", version_json() + "\n"}; });
  admin.add("/api/v1/resources", [this] { return resources(); });
  admin.add_post("/api/v1/explain",
                 [this](const AdminRequest& request) { return explain_page(house_, request); });
}

}  // namespace sluice
