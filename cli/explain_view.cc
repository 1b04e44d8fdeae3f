#include "cli/explain_view.h"

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "filter/explain.h"

#include <nlohmann/json.hpp>

#include <utility>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

std::string full_name(const BrokerView& broker) { return broker.ns + "/" + broker.name; }

// An answer has a leaf per trigger, and every trigger may quote the same value of 1 MB.
std::string bounded(const std::string& text) {
  constexpr std::size_t kSlack = 3;  // For what is cut already.
  return text.size() <= kMaxSeenBytes + kSlack ? text : seen_text(text);
}

Json json_of(const Explanation& clause) {
  Json parts = Json::array();
  for (const Explanation& part : clause.parts) parts.push_back(json_of(part));
  return {{"clause", bounded(clause.clause)},
          {"passes", clause.passes},
          {"attribute", clause.attribute},
          {"seen", clause.seen ? Json(bounded(*clause.seen)) : Json()},
          {"problem", bounded(clause.problem)},
          {"hint", clause.hint},
          {"parts", std::move(parts)}};
}

Json json_of(const TriggerView& trigger, const Event& event) {
  const bool has_filter = trigger.filter != nullptr;
  return {{"namespace", trigger.ns},
          {"name", trigger.name},
          {"subscriber", trigger.subscriber},
          {"takes", !has_filter || trigger.filter->matches(event)},
          {"explanation", has_filter ? json_of(trigger.filter->explain(event)) : Json()}};
}

}  // namespace

std::vector<BrokerView> broker_views(const ResourceGraph& graph) {
  std::vector<BrokerView> views;
  for (const BrokerSpec& broker : graph.brokers) {
    BrokerView& view = views.emplace_back(BrokerView{broker.ns, broker.name, {}});
    for (const DispatchSpec& trigger : broker.triggers) {
      view.triggers.push_back(
          {trigger.ns, trigger.name, trigger.subscriber.address, trigger.filter});
    }
  }
  return views;
}

Result<void> keep_broker(std::string_view name, std::vector<BrokerView>& brokers) {
  const bool has_ns = name.find('/') != std::string_view::npos;
  const std::string wanted = (has_ns ? "" : "default/") + std::string(name);
  std::vector<std::string> names;
  for (BrokerView& broker : brokers) {
    names.push_back(full_name(broker));
    if (names.back() != wanted) continue;
    BrokerView found = std::move(broker);
    brokers = {std::move(found)};
    return boost::outcome_v2::success();
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto meant = nearest(wanted, candidates);
  std::string detail = "there is no Broker " + in_quotes(wanted);
  if (meant) detail += "; did you mean " + in_quotes(*meant) + "?";
  return fail(Errc::not_found, std::move(detail));
}

std::string explain_json(const Event& event, const std::vector<BrokerView>& brokers, int indent) {
  Json answers = Json::array();
  for (const BrokerView& broker : brokers) {
    Json triggers = Json::array();
    for (const TriggerView& trigger : broker.triggers) triggers.push_back(json_of(trigger, event));
    answers.push_back(
        {{"namespace", broker.ns}, {"name", broker.name}, {"triggers", std::move(triggers)}});
  }
  const Json answer = {
      {"event", {{"id", event.id()}, {"source", event.source()}, {"type", event.type()}}},
      {"brokers", std::move(answers)}};
  // What a filter quotes of its manifest or of data may be no UTF-8.
  return answer.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sluice
