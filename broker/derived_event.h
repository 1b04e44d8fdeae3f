#pragma once

#include "event/event.h"
#include "sinks/sink.h"

#include <string>

namespace sluice {

/// A subscriber's reply as it goes on: with the hop count of its cause, whatever the subscriber
/// wrote there, and in the cause's trace where it names none of its own.
[[nodiscard]] EventPtr reply_of(EventPtr reply, const Event& cause);

/// The original event as it goes to a dead letter sink (knative.md 2.6): `knativeerrordest`,
/// `knativeerrorcode` (500 where there was no response), `knativeerrordata` (base64 of the first
/// 768 bytes of the response's body, or of the error's text; absent for an empty body).
[[nodiscard]] EventPtr dead_letter_of(const Event& original, const std::string& destination,
                                      const Attempt& last);

}  // namespace sluice
