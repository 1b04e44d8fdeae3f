#pragma once

#include "base/result.h"
#include "event/event.h"

#include <string>

namespace sluice {

/// The event in a file in the JSON format, as structured mode has it; "-" is standard input.
/// Errors: not_found, naming the path, when it cannot be read; invalid_argument, naming the path
/// and the attribute, when it is no event.
[[nodiscard]] Result<EventPtr> read_event_file(const std::string& path);

/// The same for a text; `name` is what errors call it.
[[nodiscard]] Result<EventPtr> read_event_text(const std::string& text, const std::string& name);

}  // namespace sluice
