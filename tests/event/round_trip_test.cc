// What is checked: any valid event comes back the same through each mode and through both in turn:
// all of Unicode in its attributes, any bytes as its data. Properties over arbitrary events; a
// failure prints the seed and the smallest event found.

#include "tests/event/event_gen.h"
#include "tests/event/event_reading.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice {
namespace {

EventPtr through_binary(const Event& event) {
  const std::string head = headers_of(event);
  const Headers headers = split_headers(head);
  RC_ASSERT(http_mode(headers) == HttpMode::binary);
  for (const char c : head) RC_ASSERT(c == '\r' || c == '\n' || (c >= 0x20 && c < 0x7f));
  auto read = read_http(headers, event.data());
  if (!read) RC_LOG(read.error().detail);
  RC_ASSERT(read.has_value());
  return std::move(read).value();
}

EventPtr through_json(const Event& event, HopCount hops) {
  const std::string text = json_of(event, hops);
  auto read = read_json(text);
  if (!read) RC_LOG(text + ": " + read.error().detail);
  RC_ASSERT(read.has_value());
  return std::move(read).value();
}

std::map<std::string, AttributeType> types_of(const Event& event) {
  std::map<std::string, AttributeType> types;
  event.for_each_attribute([&](const Attribute& a) {
    if (a.type != AttributeType::string) types.emplace(std::string(a.name), a.type);
  });
  return types;
}

/// What binary mode adds where nobody said that JSON is JSON.
std::map<std::string, std::string> with_content_type(PlainEvent event) {
  if (event.kind == DataKind::json) {
    event.attributes.try_emplace("datacontenttype", "application/json");
  }
  return event.attributes;
}

RC_GTEST_PROP(RoundTrip, BinaryKeepsAttributesAndData, ()) {
  const PlainEvent plain = draw_event();
  const EventPtr read = through_binary(*plain.build());
  RC_ASSERT(attributes_of(*read) == with_content_type(plain));
  RC_ASSERT(read->specversion() == plain.version);
  RC_ASSERT(read->data() == plain.data);
}

RC_GTEST_PROP(RoundTrip, JsonKeepsAttributesTypesAndData, ()) {
  const PlainEvent plain = draw_event();
  const EventPtr read = through_json(*plain.build(), HopCount::keep);
  RC_ASSERT(attributes_of(*read) == plain.attributes);
  RC_ASSERT(types_of(*read) == plain.types);
  RC_ASSERT(read->specversion() == plain.version);
  RC_ASSERT(read->data() == plain.data);
  RC_ASSERT((read->data_kind() == DataKind::none) == (plain.kind == DataKind::none));
}

RC_GTEST_PROP(RoundTrip, JsonIsStableOnceRead, ()) {
  const EventPtr once = through_json(*draw_event().build(), HopCount::omit);
  const std::string text = json_of(*once);
  RC_ASSERT(json_of(*through_json(*once, HopCount::omit)) == text);
}

RC_GTEST_PROP(RoundTrip, BothModesInTurnKeepTheEvent, ()) {
  const PlainEvent plain = draw_event();
  const EventPtr read = through_json(*through_binary(*plain.build()), HopCount::keep);
  RC_ASSERT(attributes_of(*read) == with_content_type(plain));
  RC_ASSERT(read->data() == plain.data);
}

}  // namespace
}  // namespace sluice
