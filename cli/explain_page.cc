#include "cli/explain_page.h"

#include "base/encoding.h"
#include "base/utf8.h"

namespace sluice {
namespace {

// The value of the parameter `broker`; empty where there is none.
Result<std::string> broker_in(std::string_view query) {
  std::string name;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    if (parameter.empty()) continue;
    constexpr std::string_view kBroker = "broker=";
    if (!parameter.starts_with(kBroker)) {
      return fail(Errc::invalid_argument,
                  "unknown parameter " + in_quotes(parameter) + "; known: broker=NAMESPACE/NAME");
    }
    SLUICE_TRY(name, percent_decode(parameter.substr(kBroker.size())));
  }
  return name;
}

Result<EventPtr> event_in(const AdminRequest& request) {
  const HttpMode mode = http_mode(request.fields);
  if (mode == HttpMode::batch) {
    return fail(Errc::invalid_argument, "explain takes one event, not a batch");
  }
  SLUICE_TRY(auto event, event_from_http(mode, request.fields, request.body));
  return stamped_by_broker(std::move(event));
}

AdminPage refusal(const Error& error) {
  return problem_page(http_status(error.code), error.detail);
}

}  // namespace

std::vector<BrokerView> broker_views(const House& house) {
  std::vector<BrokerView> views;
  for (const auto& channel : house.channels()) {
    if (!channel->is_brokers()) continue;
    BrokerView& view = views.emplace_back(BrokerView{channel->spec.ns, channel->broker, {}});
    for (std::size_t i = 0; i < channel->dispatchers.size(); ++i) {
      const Dispatcher& trigger = *channel->dispatchers[i];
      // What is local is named by its path, as in the manifests.
      std::string subscriber = trigger.subscriber_url();
      if (subscriber.starts_with(house.base_url() + "/")) {
        subscriber.erase(0, house.base_url().size());
      }
      view.triggers.push_back(
          {trigger.ns(), trigger.name(), std::move(subscriber), channel->filters[i]});
    }
  }
  return views;
}

AdminPage explain_page(const House& house, const AdminRequest& request) {
  const auto name = broker_in(request.query);
  if (!name) return refusal(name.error());
  std::vector<BrokerView> brokers = broker_views(house);
  if (!name.value().empty()) {
    const auto kept = keep_broker(name.value(), brokers);
    if (!kept) return refusal(kept.error());
  }
  if (http_mode(request.fields) == HttpMode::unsupported) {
    return problem_page(415, "the event format is not supported: application/cloudevents+json is");
  }
  const auto event = event_in(request);
  if (!event) return refusal(event.error());
  return {200, "application/json", explain_json(*event.value(), brokers, -1)};
}

}  // namespace sluice
