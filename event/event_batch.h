#pragma once

#include "base/http_head.h"
#include "base/result.h"
#include "event/event.h"
#include "event/event_json.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a batch is in HTTP (CloudEvents HTTP protocol binding 1.0.2, section 3.3).
inline constexpr std::string_view kBatchContentType = "application/cloudevents-batch+json";

/// The events of an HTTP message in batch mode, in their order (CloudEvents JSON event format
/// 1.0.2, section 4): none, or some of one specversion. Each is read as the body of a message in
/// structured mode with the same header fields would be, and has a copy of its data. The same event
/// may stand there twice.
/// Errors: invalid_argument, where any of it is wrong: with the index of the event, and what that
/// one would be refused for by itself.
[[nodiscard]] Result<std::vector<EventPtr>> events_from_http(std::span<const HttpField> fields,
                                                             std::string_view body);

/// Appends a batch of `events`, which have one specversion, to `out`.
void append_batch_json(std::span<const EventPtr> events, HopCount hops, std::string& out);

/// "event 3: " and what is wrong with it: how the events of a batch are named, the first one 0.
[[nodiscard]] std::string in_batch(std::size_t index, std::string_view what);

}  // namespace sluice
