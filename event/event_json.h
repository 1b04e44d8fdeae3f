#pragma once

#include "base/result.h"
#include "event/event.h"
#include "event/event_http.h"

#include <string>

namespace sluice {

/// Whether `knativebrokerttl` is written: it stays in what is stored, and off what is delivered.
enum class HopCount : bool { omit, keep };

/// Reads one event in the JSON format (CloudEvents JSON event format 1.0.2, section 3). `data` is
/// the slice of the input, byte for byte. `builder` then holds views into `body` and into this
/// core's JSON parser: build before the next call.
/// Errors: invalid_argument, naming the member, or the byte where the JSON is malformed.
[[nodiscard]] Result<void> read_event_json(const HttpBody& body, EventBuilder& builder);

/// The event in the JSON format, on one line, appended to `out`. Attributes keep the type they
/// came with; `data` is raw where it is JSON, a string where it is text, else data_base64.
void append_event_json(const Event& event, HopCount hops, std::string& out);

}  // namespace sluice
