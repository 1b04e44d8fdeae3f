// A batch is read twice: once as a whole, which finds the events and shows that all of it is JSON,
// and then each event by the reader of structured mode.

#include "event/event_batch.h"

#include "base/utf8.h"
#include "event/event_http.h"
#include "event/json_scanner.h"
#include "event/media_type.h"

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

/// In which element of an array `byte` stands, by the commas before it; none outside of the array.
std::optional<std::size_t> element_at(std::string_view text, std::size_t byte) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != '[') return std::nullopt;
  std::size_t element = 0;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = start; i < std::min(byte, text.size()); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && --depth == 0) return std::nullopt;
    if (c == ',' && depth == 1) ++element;
  }
  return depth == 0 ? std::nullopt : std::optional(element);
}

/// Names the element in which the scanner has stopped.
Error located(std::string_view text, const JsonScanner& scanner, Error error) {
  const auto element = element_at(text, scanner.bad_byte());
  if (element) error.detail = in_batch(*element, error.detail);
  return error;
}

/// The elements of a JSON array, of which all is known to be JSON then.
Result<std::vector<std::string_view>> elements_of(std::string_view text) {
  JsonScanner scanner;
  auto opened = scanner.open_array(text);
  if (!opened) return located(text, scanner, std::move(opened).error());
  std::vector<std::string_view> elements;
  std::string_view element;
  for (;;) {
    auto more = scanner.next_element(element);
    if (!more) return located(text, scanner, std::move(more).error());
    if (!more.value()) return elements;
    elements.push_back(element);
  }
}

Result<void> check_charset(std::span<const HttpField> fields) {
  for (const HttpField& field : fields) {
    if (iequals(field.name, "content-type") && !is_utf8_charset(field.value)) {
      return fail(Errc::invalid_argument, "a batch is UTF-8, not " + in_quotes(field.value));
    }
  }
  return boost::outcome_v2::success();
}

Error bad_event(std::size_t index, std::string_view why) {
  return fail(Errc::invalid_argument, in_batch(index, why));
}

}  // namespace

std::string in_batch(std::size_t index, std::string_view what) {
  return "event " + std::to_string(index) + ": " + std::string(what);
}

Result<std::vector<EventPtr>> events_from_http(std::span<const HttpField> fields,
                                               std::string_view body) {
  SLUICE_TRY(check_charset(fields));
  SLUICE_TRY(const auto elements, elements_of(body));
  std::vector<EventPtr> events;
  events.reserve(elements.size());
  for (std::size_t i = 0; i < elements.size(); ++i) {
    HttpBody element;
    element.bytes = elements[i];
    if (element.bytes.front() != '{') return bad_event(i, "is no JSON object");
    auto event = event_from_http(HttpMode::structured, fields, element);
    if (!event) return bad_event(i, event.error().detail);
    const SpecVersion version = event.value()->specversion();
    if (i > 0 && version != events.front()->specversion()) {
      return bad_event(
          i, "'specversion' is " + std::string(to_string(version)) + ", and that of event 0 is " +
                 std::string(to_string(events.front()->specversion())) + ": a batch has one");
    }
    events.push_back(std::move(event).value());
  }
  return events;
}

void append_batch_json(std::span<const EventPtr> events, HopCount hops, std::string& out) {
  std::string_view separator = "[";
  for (const EventPtr& event : events) {
    out += separator;
    append_event_json(*event, hops, out);
    separator = ",";
  }
  out += events.empty() ? "[]" : "]";
}

}  // namespace sluice
