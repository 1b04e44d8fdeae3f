// RedisStreamSource (Knative's sources.knative.dev/v1alpha1): the entries of a Redis stream, read
// as a member of a consumer group.
//
//   address   redis://[user:password@]host[:port][/db]
//   stream    its key; made where it is not there
//   group     made at the stream's end where it is not there; it stays, so that what comes while
//             nobody reads is read later
//
// An entry in the form of event/event_redis.h is that event. Any other is wrapped as Knative does:
// type dev.knative.sources.redisstream, source ADDRESS/STREAM, id and time of the entry, and for
// data a JSON array of its names and values in turn. JSON has no room for bytes that are not UTF-8:
// such a name or value stands there as {"base64": "..."}. An entry is acked once the sink took it.

#include "base/encoding.h"
#include "base/redis_stream_reader.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "channels/redis_deliveries.h"
#include "event/event_redis.h"
#include "event/json_text.h"
#include "sources/source.h"

namespace sluice {
namespace {

constexpr std::string_view kType = "dev.knative.sources.redisstream";

struct Settings {
  RedisAddress address;
  std::string stream;
  std::string group;
};

/// The stream's name as the end of a URI.
std::string uri_path(std::string_view name) {
  constexpr std::string_view kPlain = "-._~!$&'()*+,;=:@/";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string path;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_alnum =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_alnum || (c != '\0' && kPlain.find(c) != std::string_view::npos)) {
      path += c;
    } else {
      path += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return path;
}

std::string json_of(RedisValue fields) {
  std::string json = "[";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) json += ',';
    const std::string_view text = fields[i].text();
    if (is_utf8(text)) {
      append_json_string(text, json);
    } else {
      json += "{\"base64\":\"";
      append_base64(text, json);
      json += "\"}";
    }
  }
  return json + "]";
}

class RedisStreamSource final : public Reader {
 public:
  RedisStreamSource(const SourceSpec& spec, const Settings& settings,
                    const ConsumerOptions& options)
      : source_(settings.address.shown + "/" + uri_path(settings.stream)),
        extensions_(spec.ce_overrides),
        commands_(*options.core, settings.address, RedisClient::Kind::standing) {
    RedisReaderOptions reading;
    reading.stream = settings.stream;
    reading.group = settings.group;
    reading.read_ahead = options.read_ahead;
    reading.ordered = options.ordered;
    reading.on_arrival = [weak = std::weak_ptr(deliveries_)] {
      if (const auto alive = weak.lock()) alive->arrived();
    };
    deliveries_->read_from(
        std::make_shared<RedisStreamReader>(settings.address, commands_, std::move(reading)));
    commands_.start();
    deliveries_->reader().start();
  }
  ~RedisStreamSource() override { deliveries_->listen(nullptr); }
  RedisStreamSource(const RedisStreamSource&) = delete;
  RedisStreamSource& operator=(const RedisStreamSource&) = delete;

  DeliveryPtr take() override {
    return deliveries_->take([this](const RedisEntry& entry) { return event_of(entry); });
  }

  void listen(ConsumerListener& listener) override { deliveries_->listen(&listener); }
  std::uint64_t filtered() const noexcept override { return 0; }

  std::string trouble() const override {
    std::string why = commands_.trouble();
    return why.empty() ? deliveries_->reader().trouble() : why;
  }

  Awaitable<void> close() override {
    co_await deliveries_->reader().close();
    co_await commands_.close();
  }

 private:
  EventPtr event_of(const RedisEntry& entry) const {
    if (!is_event_entry(entry.fields)) return wrapped(entry);
    auto event = event_from_entry(entry.fields);
    if (!event) return wrapped(entry);  // It says so, and is none: nothing of it is lost.
    if (extensions_.empty()) return std::move(event).value();
    EventBuilder builder = EventBuilder::copy_of(*event.value());
    for (const auto& [name, value] : extensions_) builder.set(name, value);
    return builder.build();
  }

  EventPtr wrapped(const RedisEntry& entry) const {
    using std::chrono::system_clock;
    const std::string id = to_string(entry.id);
    const std::string json = json_of(entry.fields);
    const std::chrono::milliseconds since_epoch(static_cast<std::int64_t>(entry.id.ms));
    // A foreign writer may choose ids that are no times: beyond the year 9999 there is none.
    const bool is_time = entry.id.ms < 253'402'300'800'000U;
    const std::string time = is_time ? format_rfc3339(system_clock::time_point(since_epoch)) : "";
    EventBuilder builder;
    builder.set("id", id).set("source", source_).set("type", kType);
    builder.set("datacontenttype", "application/json");
    if (is_time) builder.set("time", time);
    for (const auto& [name, value] : extensions_) builder.set(name, value);
    builder.data(json, DataKind::json);
    return builder.build();
  }

  const std::string source_;
  const std::map<std::string, std::string> extensions_;
  RedisClient commands_;
  const std::shared_ptr<RedisDeliveries> deliveries_ = std::make_shared<RedisDeliveries>();
};

Error bad_field(const std::string& field, const std::string& why) {
  return fail(Errc::invalid_argument, "RedisStreamSource: " + field + ": " + why);
}

Result<Settings> read_settings(const nlohmann::json& spec) {
  Settings settings;
  std::string address;
  for (const auto& [field, value] : spec.items()) {
    std::string* const into = field == "address"  ? &address
                              : field == "stream" ? &settings.stream
                              : field == "group"  ? &settings.group
                                                  : nullptr;
    if (into == nullptr) return bad_field(field, "there is no such field");
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      return bad_field(field, "want a text");
    }
    *into = value.get<std::string>();
  }
  if (settings.stream.empty()) return bad_field("stream", "is missing");
  if (settings.group.empty()) return bad_field("group", "is missing");
  auto parsed = parse_redis_address(address);
  if (!parsed) return bad_field("address", parsed.error().detail);
  settings.address = std::move(parsed).value();
  return settings;
}

}  // namespace

Result<std::unique_ptr<Reader>> make_redis_stream_source(const SourceSpec& spec,
                                                         const ConsumerOptions& options) {
  SLUICE_ASSERT(options.core != nullptr);
  SLUICE_TRY(const auto settings, read_settings(spec.spec));
  return std::make_unique<RedisStreamSource>(spec, settings, options);
}

}  // namespace sluice
