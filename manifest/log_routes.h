#pragma once

#include "manifest/build.h"

namespace sluice {

// What reading sources and the sinks that write logs have to do with one another.

/// Warns where two sources read the same log as one group: each would get a part of the events.
void warn_of_shared_groups(Build& build);

/// Adds the routes from a sink through the topic or stream that it writes to where a source takes
/// the events from there, so that a circle through Kafka or Redis is seen.
void add_log_routes(Build& build);

}  // namespace sluice
