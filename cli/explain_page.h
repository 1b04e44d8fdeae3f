#pragma once

#include "broker/admin.h"
#include "cli/explain_view.h"
#include "cli/house.h"

#include <vector>

namespace sluice {

/// Every Broker of a running house with its Triggers, as the manifests have them.
[[nodiscard]] std::vector<BrokerView> broker_views(const House& house);

/// The answer to POST /api/v1/explain[?broker=NAMESPACE/NAME]: what explain_json() says of the
/// event in the request, in binary or structured mode. Publishes nothing. Else a problem: 400 no
/// valid event, or one that the Broker would refuse, or an unknown parameter; 404 no such Broker;
/// 415 a format that is not JSON.
[[nodiscard]] AdminPage explain_page(const House& house, const AdminRequest& request);

}  // namespace sluice
