#pragma once

#include "base/utf8.h"
#include "event/core_attribute.h"
#include "event/event.h"

#include <rapidcheck.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// A valid event as plain values, for properties.
struct PlainEvent {
  SpecVersion version = SpecVersion::v1_0;
  std::map<std::string, std::string> attributes;
  std::map<std::string, AttributeType> types;  // Only those that are no strings.
  DataKind kind = DataKind::none;
  std::string data;

  [[nodiscard]] EventPtr build() const {
    EventBuilder builder;
    builder.specversion = version;
    for (const auto& [name, value] : attributes) {
      const auto type = types.find(name);
      builder.set(name, value, type == types.end() ? AttributeType::string : type->second);
    }
    return builder.data(data, kind).build();
  }
};

/// Any character that an attribute may hold, the troublesome ones often.
inline rc::Gen<std::string> gen_character() {
  const auto any = rc::gen::suchThat(rc::gen::inRange<std::uint32_t>(0x20, 0x110000), [](auto c) {
    const bool is_control = c >= 0x7f && c <= 0x9f;
    const bool is_surrogate = c >= 0xd800 && c <= 0xdfff;
    const bool is_non_character = (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
    return !is_control && !is_surrogate && !is_non_character;
  });
  const auto one =
      rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(0x20, 0x7f),
                     rc::gen::element<std::uint32_t>(0x20, 0x22, 0x25, 0x5c, 0x2f, 0x7b), any);
  return rc::gen::map(one, [](auto code) {
    std::array<char, 4> bytes{};
    return std::string(bytes.data(), put_utf8(static_cast<char32_t>(code), bytes.data()));
  });
}

inline rc::Gen<std::string> gen_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(gen_character()),
                      [](const std::vector<std::string>& characters) {
                        std::string text;
                        for (const std::string& c : characters) text += c;
                        return text;
                      });
}

inline rc::Gen<std::string> gen_visible_text() {
  return rc::gen::map(gen_text(), [](std::string text) { return "x" + std::move(text); });
}

inline rc::Gen<std::string> gen_extension_name() {
  const auto letter = rc::gen::elementOf(std::string("abcdefghijklmnopqrstuvwxyz0123456789"));
  return rc::gen::suchThat(rc::gen::nonEmpty(rc::gen::container<std::string>(letter)),
                           [](const std::string& name) {
                             return core_attribute(name) == CoreAttribute::none && name != "data" &&
                                    name != "schemaurl" && name != "datacontentencoding" &&
                                    name != "knativebrokerttl" && name.size() < 200;
                           });
}

inline void draw_extensions(PlainEvent& event) {
  const int count = *rc::gen::inRange(0, 12);
  for (int i = 0; i < count; ++i) {
    const std::string name = *gen_extension_name();
    const int kind = *rc::gen::inRange(0, 4);
    event.types.erase(name);
    if (kind == 0) {
      event.attributes[name] = std::to_string(*rc::gen::arbitrary<std::int32_t>());
      event.types[name] = AttributeType::integer;
    } else if (kind == 1) {
      event.attributes[name] = *rc::gen::element<std::string>("true", "false");
      event.types[name] = AttributeType::boolean;
    } else {
      event.attributes[name] = *gen_text();
    }
  }
}

inline void draw_data(PlainEvent& event) {
  const int kind = *rc::gen::inRange(0, 4);
  if (kind == 0) return;
  if (kind == 1) {
    event.kind = DataKind::json;
    event.data = *rc::gen::element<std::string>("null", "{ \"n\" :1e400}", "[1.0,\"\\ud800\"]",
                                                "\"a\\n\u20ac\"", "-0", "12345678901234567890123");
    if (*rc::gen::arbitrary<bool>()) event.attributes["datacontenttype"] = "application/json";
    return;
  }
  event.attributes["datacontenttype"] =
      *rc::gen::element<std::string>("text/plain", "application/octet-stream", "application/json",
                                     "text/plain; charset=\"iso-8859-1\"", "image/x+json");
  if (kind == 2) {
    event.kind = DataKind::bytes;
    event.data = *rc::gen::arbitrary<std::string>();
  } else {
    event.kind = DataKind::text;
    event.data = *gen_text();
  }
}

/// Draws a valid event: any Unicode in its texts, any bytes in its data.
inline PlainEvent draw_event() {
  PlainEvent event;
  event.version = *rc::gen::element(SpecVersion::v1_0, SpecVersion::v0_3);
  event.attributes["id"] = *gen_visible_text();
  event.attributes["type"] = *gen_visible_text();
  event.attributes["source"] = *rc::gen::element<std::string>(
      "/a", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", "https://[::1]:80/a%20b?c=d#e",
      "mailto:a@b.example", "a/b:c", "#f", "?q", "//host");
  if (*rc::gen::arbitrary<bool>()) event.attributes["subject"] = *gen_visible_text();
  if (*rc::gen::arbitrary<bool>()) event.attributes["time"] = "2016-12-31T23:59:60.123456789012Z";
  if (*rc::gen::arbitrary<bool>()) event.attributes["dataschema"] = "https://example.com/s#1";
  draw_extensions(event);
  draw_data(event);
  return event;
}

}  // namespace sluice
