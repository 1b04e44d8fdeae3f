#include "cli/send_request.h"

#include "base/utf8.h"
#include "base/uuid.h"
#include "cli/read_file.h"
#include "cli/version.h"
#include "event/event_batch.h"
#include "event/event_builder.h"
#include "event/event_http.h"
#include "event/event_json.h"
#include "event/media_type.h"
#include "event/validation.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace sluice {
namespace {

constexpr std::uint64_t kMostBatchEvents = 1000;
constexpr std::uint64_t kMostBatchBytes = 1024 * 1024;

// What --ext does not set.
constexpr std::string_view kOwnFlags[] = {"specversion", "id",   "source",         "type",
                                          "subject",     "data", "datacontenttype"};

Result<std::string> read_data(const std::string& data) {
  if (!data.starts_with('@')) return data;
  return read_file(data == "@-" ? "-" : data.substr(1));
}

std::string guess_content_type(std::string_view data) {
  if (nlohmann::json::accept(data)) return "application/json";
  return is_utf8(data) ? "text/plain" : "application/octet-stream";
}

DataKind kind_of(std::string_view content_type, std::string_view data) {
  if (is_json_media_type(content_type)) {
    return nlohmann::json::accept(data) ? DataKind::json : DataKind::bytes;
  }
  return is_utf8(data) ? DataKind::text : DataKind::bytes;
}

Result<void> read_extensions(const SendFlags& flags, SendTemplate& events) {
  for (const std::string& extension : flags.extensions) {
    const auto equals = extension.find('=');
    if (equals == std::string::npos) {
      return fail(Errc::invalid_argument, "--ext: '" + extension + "' is not K=V");
    }
    std::string name = extension.substr(0, equals);
    if (std::ranges::find(kOwnFlags, name) != std::end(kOwnFlags)) {
      return fail(Errc::invalid_argument, "--ext: '" + name + "' has a flag of its own");
    }
    events.attributes.emplace_back(std::move(name), extension.substr(equals + 1));
  }
  return boost::outcome_v2::success();
}

void append_body_type(std::string_view type, std::string& head) {
  head.append("content-type: ").append(type).append("; charset=utf-8\r\n");
}

}  // namespace

Result<SendTemplate> read_send_template(const SendFlags& flags) {
  SendTemplate events;
  SLUICE_TRY(events.url, parse_http_url(flags.to));
  events.attributes = {{"source", flags.source}, {"type", flags.type}};
  if (!flags.subject.empty()) events.attributes.emplace_back("subject", flags.subject);
  SLUICE_TRY(read_extensions(flags, events));
  std::string content_type = flags.content_type;
  if (flags.has_data) {
    SLUICE_TRY(events.data, read_data(flags.data));
    if (content_type.empty()) content_type = guess_content_type(events.data);
    events.data_kind = kind_of(content_type, events.data);
  }
  if (!content_type.empty()) events.attributes.emplace_back("datacontenttype", content_type);
  if (!flags.id.empty()) {
    SLUICE_TRY(validate_attribute("id", flags.id));
  }
  for (const auto& [name, value] : events.attributes) {
    SLUICE_TRY(validate_attribute(name, value));
  }
  return events;
}

std::string send_id(const SendFlags& flags, std::uint64_t index) {
  if (flags.id.empty()) return new_uuid();
  return flags.count == 1 ? flags.id : flags.id + "-" + std::to_string(index + 1);
}

EventPtr make_send_event(const SendTemplate& events, std::string_view id) {
  EventBuilder builder;
  builder.set("id", id);
  for (const auto& [name, value] : events.attributes) builder.set(name, value);
  if (events.data_kind != DataKind::none) builder.data(events.data, events.data_kind);
  return builder.build();
}

std::uint64_t events_per_request(const SendFlags& flags, const SendTemplate& events) {
  if (flags.mode != "batch") return 1;
  std::string longest;
  append_event_json(*make_send_event(events, send_id(flags, flags.count - 1)), HopCount::keep,
                    longest);
  const std::uint64_t fit = (kMostBatchBytes - 1) / (longest.size() + 1);
  std::uint64_t most = std::clamp(fit, std::uint64_t{1}, kMostBatchEvents);
  if (flags.rate > 0 && flags.rate < static_cast<double>(most)) {
    most = static_cast<std::uint64_t>(std::ceil(flags.rate));
  }
  return most;
}

SendRequest write_send_request(const SendFlags& flags, const HttpUrl& url,
                               std::span<const EventPtr> events) {
  SendRequest request;
  request.head = "POST " + url.target + " HTTP/1.1\r\nhost: " + url.authority +
                 "\r\nuser-agent: sluice/" + version_text() + "\r\n";
  const Event& event = *events.front();
  if (flags.mode == "batch") {
    append_body_type(kBatchContentType, request.head);
    append_batch_json(events, HopCount::keep, request.body);
  } else if (flags.mode == "structured") {
    append_body_type("application/cloudevents+json", request.head);
    append_event_json(event, HopCount::keep, request.body);
  } else {
    append_binary_headers(event, request.head);
    // Left out of what is delivered, but a producer may want to set it.
    if (const auto hops = event.attribute(kHops)) {
      request.head.append("ce-").append(kHops).append(": ").append(*hops).append("\r\n");
    }
    request.body = event.data();
  }
  request.head += "content-length: " + std::to_string(request.body.size()) + "\r\n\r\n";
  return request;
}

}  // namespace sluice
