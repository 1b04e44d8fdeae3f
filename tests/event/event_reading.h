#pragma once

#include "event/event_http.h"
#include "event/event_json.h"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

using Headers = std::vector<HttpField>;

/// Reads `bytes` as an HTTP message with those headers, in the mode that they ask for. The buffer
/// is exactly as long as the body, so that ASan sees a read past its end.
inline Result<EventPtr> read_http(const Headers& headers, std::string_view bytes) {
  HttpBody body;
  body.owned = std::make_unique_for_overwrite<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(body.owned.get(), bytes.data(), bytes.size());
  body.owned_size = bytes.size();
  body.bytes = {body.owned.get(), bytes.size()};
  return event_from_http(http_mode(headers), headers, body);
}

inline Result<EventPtr> read_json(std::string_view text) {
  return read_http({{"Content-Type", "application/cloudevents+json"}}, text);
}

/// The headers of a small valid event in binary mode, and those behind it.
inline Headers with_required(const Headers& more) {
  Headers headers = {
      {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

/// The text of a small valid event in structured mode with `members` in it, e.g. R"("data":1)".
inline std::string json_with(std::string_view members) {
  return R"({"specversion":"1.0","id":"1","source":"/s","type":"t",)" + std::string(members) + "}";
}

/// All attributes of `event` but specversion, by name.
inline std::map<std::string, std::string> attributes_of(const Event& event) {
  std::map<std::string, std::string> attributes;
  event.for_each_attribute(
      [&](const Attribute& a) { attributes.emplace(std::string(a.name), std::string(a.value)); });
  return attributes;
}

inline std::string json_of(const Event& event, HopCount hops = HopCount::omit) {
  std::string text;
  append_event_json(event, hops, text);
  return text;
}

inline std::string headers_of(const Event& event) {
  std::string head;
  append_binary_headers(event, head);
  return head;
}

/// Splits what append_binary_headers() wrote back into fields. The views point into `head`.
inline Headers split_headers(std::string_view head) {
  Headers headers;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(": ");
    headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
    head.remove_prefix(line.size() + 2);
  }
  return headers;
}

}  // namespace sluice
