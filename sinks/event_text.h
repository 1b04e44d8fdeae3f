#pragma once

#include "event/event.h"
#include "event/event_json.h"

#include <string>
#include <string_view>

namespace sluice {

/// How an event is shown to a person or a script.
enum class EventFormat {
  text,  ///< As Knative's event_display prints it: several lines, JSON data indented.
  json,  ///< One line: the CloudEvents JSON format.
};

/// The event in that format, ended by a newline. Data that is not text is shown as base64. `hops`
/// says whether `knativebrokerttl` is shown: no subscriber sees it.
[[nodiscard]] std::string show_event(const Event& event, EventFormat format, HopCount hops);

/// `json`, which is valid, over several lines: two blanks per level behind `margin`, every token as
/// it was.
[[nodiscard]] std::string indent_json(std::string_view json, std::string_view margin);

/// Whether a terminal shows `text` as it is: UTF-8 without control characters but line ends and
/// tabs.
[[nodiscard]] bool is_plain_text(std::string_view text) noexcept;

}  // namespace sluice
