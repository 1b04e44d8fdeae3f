#include "cli/event_file.h"

#include "cli/read_file.h"
#include "event/event_http.h"

#include <utility>

namespace sluice {

Result<EventPtr> read_event_file(const std::string& path) {
  SLUICE_TRY(const std::string text, read_file(path));
  return read_event_text(text, path == "-" ? "standard input" : path);
}

Result<EventPtr> read_event_text(const std::string& text, const std::string& name) {
  HttpBody body;
  body.bytes = text;
  auto event = event_from_http(HttpMode::structured, {}, body);
  if (event) return event;
  Error error = std::move(event).error();
  error.detail = name + ": " + error.detail;
  return error;
}

}  // namespace sluice
