// RedisStreamSink (Knative's sinks.knative.dev/v1alpha1): each event becomes an entry of a Redis
// stream, made where it is not there, in the form of event/event_redis.h: what a RedisStreamSource
// reads as that event again.
//
//   address   redis://[user:password@]host[:port][/db]
//   stream    its key
//
// 202 means "XADD answered". Nothing trims the stream. One connection per core, opened when there
// is something to send; idle, it holds nothing on its core, so there is nothing to close.

#include "base/redis_clients.h"
#include "event/event_redis.h"
#include "sinks/sink.h"

namespace sluice {
namespace {

class RedisStreamSink final : public Sink {
 public:
  RedisStreamSink(RedisAddress address, std::string stream, std::string url)
      : clients_(std::move(address), RedisClient::Kind::on_demand),
        stream_(std::move(stream)),
        url_(std::move(url)) {}

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override {
    if (clients_.here()->unsent() > RedisClient::kMostUnsent) {
      co_return failed_attempt(
          fail(Errc::resource_exhausted, "Redis takes less than is sent to it"));
    }
    const EventRecord record = record_of(*event);
    RedisWords words = {"XADD", stream_, "*"};
    append_entry_fields(record, words);
    const auto added = co_await clients_.here()->command(words, deadline);
    if (!added) co_return failed_attempt(added.error());
    Attempt attempt;
    attempt.status = 202;
    co_return attempt;
  }

  const std::string& url() const noexcept override { return url_; }

 private:
  RedisClients clients_;
  const std::string stream_;
  const std::string url_;
};

}  // namespace

Result<SinkPtr> make_redis_stream_sink(const SinkSpec& spec, std::string url) {
  std::string address;
  std::string stream;
  for (const auto& [field, value] : spec.spec.items()) {
    std::string* const into = field == "address" ? &address : field == "stream" ? &stream : nullptr;
    if (into == nullptr) {
      return fail(Errc::invalid_argument, "RedisStreamSink has no field '" + field + "'");
    }
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
      return fail(Errc::invalid_argument, "RedisStreamSink: " + field + ": want a text");
    }
    *into = value.get<std::string>();
  }
  if (stream.empty()) return fail(Errc::invalid_argument, "RedisStreamSink: stream: is missing");
  auto parsed = parse_redis_address(address);
  if (!parsed) {
    return fail(Errc::invalid_argument, "RedisStreamSink: address: " + parsed.error().detail);
  }
  return std::make_shared<RedisStreamSink>(std::move(parsed).value(), std::move(stream),
                                           std::move(url));
}

}  // namespace sluice
