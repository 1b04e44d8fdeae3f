#pragma once

#include "base/core_pool.h"
#include "event/event.h"

#include <string>
#include <string_view>

namespace sluice {

/// W3C Trace Context level 1: the `traceparent` for the next hop of `event`. It keeps the trace id
/// and flags of the event's header, else of its `traceparent` extension, with a new span id; where
/// there is none, or it is malformed, a new trace starts, not sampled.
void append_next_traceparent(const Event& event, Core& core, std::string& out);

}  // namespace sluice
