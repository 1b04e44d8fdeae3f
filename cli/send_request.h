#pragma once

#include "base/result.h"
#include "base/url.h"
#include "event/event.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// What `sluice send` is asked for.
struct SendFlags {
  std::string to = "http://127.0.0.1:8080/default/default";
  std::string type;
  std::string source;
  std::string id;
  std::string subject;
  std::vector<std::string> extensions;  ///< K=V
  std::string content_type;
  std::string data;  ///< Text, @FILE or @-.
  bool has_data = false;
  std::string mode = "binary";  ///< Or structured, or batch.
  std::uint64_t count = 1;
  double rate = 0;  ///< Events a second; 0: as fast as they are answered.
};

/// What every event of one run has in common, checked.
struct SendTemplate {
  HttpUrl url;
  std::vector<std::pair<std::string, std::string>> attributes;  ///< All but the id.
  std::string data;
  DataKind data_kind = DataKind::none;
};

/// A request without its connection: the head ends with the empty line.
struct SendRequest {
  std::string head;
  std::string body;
};

/// Errors: invalid_argument, naming the flag or the attribute; those of read_file().
[[nodiscard]] Result<SendTemplate> read_send_template(const SendFlags& flags);

/// The id of the event that is sent as the `index`-th, from 0.
[[nodiscard]] std::string send_id(const SendFlags& flags, std::uint64_t index);

[[nodiscard]] EventPtr make_send_event(const SendTemplate& events, std::string_view id);

/// How many events one request has: 1, or in batch mode 1,000, fewer where they would take more
/// than 1 MiB (the server's --max-event-bytes, by default) or, with a rate, more than a second.
[[nodiscard]] std::uint64_t events_per_request(const SendFlags& flags, const SendTemplate& events);

/// `events` is one event, or in batch mode at least one.
[[nodiscard]] SendRequest write_send_request(const SendFlags& flags, const HttpUrl& url,
                                             std::span<const EventPtr> events);

}  // namespace sluice
