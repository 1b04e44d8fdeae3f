#pragma once

#include "base/kafka_group_reader.h"
#include "channels/consumer.h"

#include <functional>
#include <memory>

namespace sluice {

/// The consumer of a KafkaChannel: the records of `reader` as events that pass the filter. What
/// does not pass is acked; so is a record that is no event, which a foreign producer wrote, with a
/// warn line for the first of each partition. `released` is called when the consumer goes.
[[nodiscard]] std::unique_ptr<Consumer> make_kafka_consumer(
    std::shared_ptr<KafkaGroupReader> reader, FilterPtr filter, std::function<void()> released);

}  // namespace sluice
