#pragma once

#include "channels/consumer.h"
#include "channels/redis_deliveries.h"

#include <functional>
#include <memory>
#include <string>

namespace sluice {

/// The consumer of a RedisChannel: the entries of `stream` as events that pass the filter. What
/// does not pass is acked; so is an entry that is no event, which a foreign producer wrote, with a
/// warn line. `released` is called when the consumer goes.
[[nodiscard]] std::unique_ptr<Consumer> make_redis_consumer(
    std::shared_ptr<RedisDeliveries> deliveries, std::string stream, FilterPtr filter,
    std::function<void()> released);

}  // namespace sluice
