#include "broker/derived_event.h"

#include "base/encoding.h"

namespace sluice {
namespace {

constexpr int kNoResponse = 500;

}  // namespace

EventPtr reply_of(EventPtr reply, const Event& cause) {
  const auto hops = cause.hops();
  const auto trace = cause.header("traceparent");
  const bool adds_trace = trace && !reply->header("traceparent");
  const bool drops_hops = !hops && reply->attribute(kHops);
  if (adds_trace || drops_hops) {
    EventBuilder builder = EventBuilder::copy_of(*reply);
    if (adds_trace) builder.header("traceparent", *trace);
    if (drops_hops) builder.remove(kHops);
    reply = builder.build();
  }
  return hops ? stamped(std::move(reply), {}, hops) : reply;
}

EventPtr dead_letter_of(const Event& original, const std::string& destination,
                        const Attempt& last) {
  const bool answered = last.status != 0;
  const std::string code = std::to_string(answered ? last.status : kNoResponse);
  const std::string_view text = answered ? last.body : last.detail;
  const std::string data = base64_encode(text.substr(0, Attempt::kKeptBodyBytes));
  EventBuilder builder = EventBuilder::copy_of(original);
  builder.set("knativeerrordest", destination)
      .set("knativeerrorcode", code, AttributeType::integer)
      .remove("knativeerrordata");
  if (!data.empty()) builder.set("knativeerrordata", data);
  return builder.build();
}

}  // namespace sluice
