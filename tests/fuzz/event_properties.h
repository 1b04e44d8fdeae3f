#pragma once

#include "base/assert.h"
#include "event/event_http.h"
#include "event/event_json.h"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::fuzz {

using Headers = std::vector<HttpField>;

/// Reads an event from a buffer that ends with the body, so that ASan sees a read past it.
inline Result<EventPtr> read(const Headers& headers, std::string_view bytes) {
  HttpBody body;
  body.owned = std::make_unique_for_overwrite<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(body.owned.get(), bytes.data(), bytes.size());
  body.owned_size = bytes.size();
  body.bytes = {body.owned.get(), bytes.size()};
  return event_from_http(http_mode(headers), headers, body);
}

inline bool has_same_attributes(const Event& a, const Event& b) {
  bool same = a.specversion() == b.specversion();
  a.for_each_attribute([&](const Attribute& attribute) {
    same = same && (attribute.name == kHops || b.attribute(attribute.name) == attribute.value);
  });
  return same;
}

/// What must hold for every event that was let in: it can be written in both modes, and comes back.
inline void check_accepted(const Event& event) {
  std::string text;
  append_event_json(event, HopCount::keep, text);
  const Headers json = {{"content-type", "application/cloudevents+json"}};
  const auto from_json = read(json, text);
  SLUICE_ASSERT(from_json.has_value());
  SLUICE_ASSERT(has_same_attributes(event, *from_json.value()));
  SLUICE_ASSERT(from_json.value()->data() == event.data());

  std::string head;
  append_binary_headers(event, head);
  Headers headers;
  for (std::string_view rest = head; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    const std::size_t colon = line.find(": ");
    SLUICE_ASSERT(colon != std::string_view::npos);
    headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
    rest.remove_prefix(line.size() + 2);
  }
  const auto from_binary = read(headers, event.data());
  SLUICE_ASSERT(from_binary.has_value());
  SLUICE_ASSERT(has_same_attributes(event, *from_binary.value()));
  SLUICE_ASSERT(from_binary.value()->data() == event.data());
}

/// What must hold for every refusal: the producer's fault, in one line of valid UTF-8 at most.
inline void check_refused(const Error& error) {
  SLUICE_ASSERT(error.code == Errc::invalid_argument);
  SLUICE_ASSERT(!error.detail.empty());
  SLUICE_ASSERT(error.detail.find_first_of("\r\n") == std::string::npos);
}

inline void check(const Result<EventPtr>& event) {
  if (event) {
    check_accepted(*event.value());
  } else {
    check_refused(event.error());
  }
}

}  // namespace sluice::fuzz
