#pragma once

#include "base/result.h"
#include "event/event.h"
#include "event/event_http.h"

#include <string>

namespace sluice {

/// Whether `knativebrokerttl` is written: it stays in what is stored, and off what is delivered.
enum class HopCount : bool { omit, keep };

/// Reads one event in the JSON format (CloudEvents JSON event format 1.0.2, section 3; the same for
/// 0.3, whose base64 data is marked by `datacontentencoding`) and validates it. `data` is the slice
/// of the input, byte for byte; its grammar is checked, its numbers are not converted. A member
/// that is null is an absent attribute. `builder`, which is new, then holds views into `body` and
/// into memory of this thread: build before the next event is read on it. Errors: invalid_argument,
/// naming the member, or the byte where the JSON is malformed.
[[nodiscard]] Result<void> read_event_json(const HttpBody& body, EventBuilder& builder);

/// The event in the JSON format, appended to `out`: on one line, unless its data has several.
/// Attributes keep the type they came with. The data is raw where it is JSON (also where it came as
/// bytes whose content type says JSON, and they are), a string where it is text, else base64. What
/// is stored (HopCount::keep) reads back byte for byte, so there JSON with white space around it is
/// base64 as well.
void append_event_json(const Event& event, HopCount hops, std::string& out);

}  // namespace sluice
