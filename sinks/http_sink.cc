// An HTTP subscriber: the event goes out as one POST in binary or structured mode (CloudEvents HTTP
// protocol binding), with Prefer: reply, Kn-Namespace, the trace, and the headers that travel with
// the event. The head is formatted by hand into one string.

#include "sinks/http_sink.h"

#include "base/uuid.h"
#include "event/event_json.h"
#include "sinks/retry_after.h"
#include "sinks/trace_context.h"

#include <algorithm>
#include <deque>

namespace sluice {
namespace {

constexpr int kBadReply = 502;

class HttpSink final : public Sink {
 public:
  HttpSink(const HttpSinkOptions& options, HttpUrl url, HttpClients& clients)
      : url_(std::move(url)),
        clients_(clients),
        format_(options.format),
        plain_reply_(options.plain_reply),
        expects_reply_(options.expects_reply) {
    fixed_head_ = "POST " + url_.target + " HTTP/1.1\r\nhost: " + url_.authority + "\r\n";
    if (expects_reply_) fixed_head_ += "prefer: reply\r\n";
    fixed_head_ += "kn-namespace: " + options.ns + "\r\n";
    // Each of ten thousand triggers may have a sink of its own.
    fixed_head_.shrink_to_fit();
    url_.target = std::string();
  }

  const std::string& url() const noexcept override { return url_.text; }

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override {
    std::string head;
    std::string json;
    const HttpPost request = format(*event, head, json);
    auto answer = co_await clients_.here().post(request, deadline);
    if (!answer) co_return no_response(std::move(answer).error());
    co_return judge(answer.value(), *event);
  }

 private:
  HttpPost format(const Event& event, std::string& head, std::string& json) const;
  Attempt judge(HttpAnswer& answer, const Event& event) const;
  Attempt judge_plain_body(std::string_view body, const HttpFields& fields,
                           const Event& event) const;
  EventPtr wrap(std::string_view body, const HttpFields& fields, const Event& cause) const;

  static Attempt no_response(Error error) {
    Attempt attempt;
    attempt.detail = std::move(error.detail);
    return attempt;
  }

  static Attempt bad_reply(std::string detail, std::string_view body) {
    Attempt attempt;
    attempt.status = kBadReply;
    attempt.detail = std::move(detail);
    attempt.body = body.substr(0, Attempt::kKeptBodyBytes);
    return attempt;
  }

  HttpUrl url_;  // Its target stands in fixed_head_.
  HttpClients& clients_;
  std::string fixed_head_;
  const DeliveryFormat format_;
  const PlainReply plain_reply_;
  const bool expects_reply_;
};

HttpPost HttpSink::format(const Event& event, std::string& head, std::string& json) const {
  head.reserve(1024);
  head = fixed_head_;
  head += "traceparent: ";
  append_next_traceparent(event, *Core::current(), head);
  head += "\r\n";
  event.for_each_header([&](const PassedHeader& header) {
    if (header.name == "traceparent" || header.name == "retry-after") return;
    head += header.name;
    head += ": ";
    head += header.value;
    head += "\r\n";
  });
  std::string_view body = event.data();
  if (format_ == DeliveryFormat::json) {
    append_event_json(event, HopCount::omit, json);
    head += "content-type: application/cloudevents+json; charset=utf-8\r\n";
    body = json;
  } else {
    append_binary_headers(event, head);
  }
  head += "content-length: ";
  head += std::to_string(body.size());
  head += "\r\n\r\n";
  return {&url_, head, body};
}

/// The verdict on an answer: success, a reply, or why it counts as a failure.
Attempt HttpSink::judge(HttpAnswer& answer, const Event& event) const {
  const ResponseHead& head = *answer.head;
  Attempt attempt;
  attempt.status = head.status;
  if (!attempt.succeeded()) {
    attempt.detail = "answered " + std::to_string(head.status);
    attempt.body = answer.body.bytes.substr(0, Attempt::kKeptBodyBytes);
    if (head.status == 429 || head.status == 503) {
      if (const auto value = head.fields.find("retry-after")) {
        attempt.retry_after = parse_retry_after(*value, std::chrono::system_clock::now());
      }
    }
    return attempt;
  }
  if (!expects_reply_) return attempt;
  HttpMode mode = http_mode(head.fields.all());
  // An unknown specversion in an answer is not "an event that is broken" but no event of ours.
  const auto version = head.fields.find("ce-specversion");
  if (mode == HttpMode::binary && version != "1.0" && version != "0.3") mode = HttpMode::none;
  switch (mode) {
    case HttpMode::none:
      return answer.body.bytes.empty() ? attempt
                                       : judge_plain_body(answer.body.bytes, head.fields, event);
    case HttpMode::binary:
    case HttpMode::structured: {
      auto reply = event_from_http(mode, head.fields.all(), answer.body);
      if (!reply) {
        return bad_reply("replied with an invalid event: " + reply.error().detail,
                         answer.body.bytes);
      }
      attempt.reply = std::move(reply).value();
      return attempt;
    }
    case HttpMode::batch:
      return bad_reply("replied with a batch; a reply is one event", answer.body.bytes);
    case HttpMode::unsupported:
      break;
  }
  return bad_reply("replied with an event in a format that is not JSON", answer.body.bytes);
}

Attempt HttpSink::judge_plain_body(std::string_view body, const HttpFields& fields,
                                   const Event& event) const {
  Attempt attempt;
  attempt.status = 200;
  switch (plain_reply_) {
    case PlainReply::fail:
      return bad_reply("answered 2xx with a body that is no event (sluice.dev/plain-reply: fail)",
                       body);
    case PlainReply::ignore:
      attempt.ignored_body = true;
      return attempt;
    case PlainReply::wrap:
      break;
  }
  attempt.reply = wrap(body, fields, event);
  return attempt;
}

/// The answer of a plain HTTP service as an event of its own.
EventPtr HttpSink::wrap(std::string_view body, const HttpFields& fields, const Event& cause) const {
  const std::string id = new_uuid();
  std::string trace;
  append_next_traceparent(cause, *Core::current(), trace);
  EventBuilder builder;
  builder.set("id", id)
      .set("source", url_.text)
      .set("type", kPlainReplyType)
      .set("causeid", cause.id())
      .set("causesource", cause.source());
  if (const auto type = fields.find("content-type")) builder.set("datacontenttype", *type);
  if (const auto key = cause.attribute("partitionkey")) builder.set("partitionkey", *key);
  if (const auto parent = cause.attribute("traceparent")) builder.set("traceparent", *parent);
  builder.header("traceparent", trace);
  std::deque<std::string> names;  // Lower case; stable while the builder looks at them.
  for (const HttpField& field : fields.all()) {
    if (!is_passed_header(field.name)) continue;
    std::string& name = names.emplace_back(field.name);
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c | ('A' <= c && c <= 'Z' ? 32 : 0); });
    if (!name.starts_with("trace")) builder.header(name, field.value);  // The trace is the cause's.
  }
  builder.data(body, DataKind::bytes);
  return builder.build();
}

}  // namespace

Result<SinkPtr> make_http_sink(const HttpSinkOptions& options, HttpClients& clients) {
  SLUICE_TRY(auto url, parse_http_url(options.url));
  return std::make_shared<HttpSink>(options, std::move(url), clients);
}

}  // namespace sluice
