#pragma once

#include "filter/filter.h"
#include "manifest/resource_graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What explaining needs to know of a Trigger, from manifests or from a running house.
struct TriggerView {
  std::string ns;
  std::string name;
  std::string subscriber;  ///< A URL, or the ingress path of what stands in the same manifests.
  FilterPtr filter;        ///< Null: every event.
};

struct BrokerView {
  std::string ns;
  std::string name;
  std::vector<TriggerView> triggers;  ///< In the order declared.
};

/// Every Broker with its Triggers, in the order declared.
[[nodiscard]] std::vector<BrokerView> broker_views(const ResourceGraph& graph);

/// Leaves the one Broker called `name`: "NAMESPACE/NAME", or "NAME" in the namespace "default".
/// Errors: not_found, with the Broker that was probably meant.
[[nodiscard]] Result<void> keep_broker(std::string_view name, std::vector<BrokerView>& brokers);

/// Which Triggers take `event`, a Broker's stamps on it, with every clause and what it found.
/// For people; control characters come out as '?', and long values are cut.
[[nodiscard]] std::string explain_text(const Event& event, const std::vector<BrokerView>& brokers);

/// The same for programs (docs/explain.md). Spread over lines with `indent` spaces a level; -1: on
/// one line.
[[nodiscard]] std::string explain_json(const Event& event, const std::vector<BrokerView>& brokers,
                                       int indent);

}  // namespace sluice
