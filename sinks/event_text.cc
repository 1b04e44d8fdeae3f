#include "sinks/event_text.h"

#include "base/encoding.h"
#include "base/utf8.h"
#include "event/event_builder.h"
#include "event/media_type.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace sluice {
namespace {

constexpr std::string_view kIndent = "  ";

// What the data is to a reader: binary mode knows only bytes and a content type.
DataKind kind_to_show(const Event& event) {
  if (event.data_kind() != DataKind::bytes) return event.data_kind();
  const auto content_type = event.attribute("datacontenttype");
  if (content_type && is_json_media_type(*content_type)) {
    return nlohmann::json::accept(event.data()) ? DataKind::json : DataKind::bytes;
  }
  return content_type && is_utf8(event.data()) && is_plain_text(event.data()) ? DataKind::text
                                                                              : DataKind::bytes;
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(kIndent).append(name).append(": ").append(value).append("\n");
}

void append_data(const Event& event, std::string& out) {
  const DataKind kind = kind_to_show(event);
  if (event.data().empty()) return;
  if (kind == DataKind::json) {
    out.append("Data,\n").append(kIndent).append(indent_json(event.data(), kIndent));
  } else if (is_plain_text(event.data())) {
    out.append("Data,\n").append(kIndent).append(event.data());
  } else {
    out.append("Data (base64),\n").append(kIndent);
    append_base64(event.data(), out);
  }
  out += '\n';
}

std::string show_text(const Event& event, HopCount hops) {
  // The order of the CloudEvents SDK for Go, whose text this is.
  constexpr std::string_view kContext[] = {"specversion", "type", "source",     "subject",
                                           "id",          "time", "dataschema", "datacontenttype"};
  std::string out = "\xe2\x98\x81\xef\xb8\x8f  cloudevents.Event\nContext Attributes,\n";
  for (const std::string_view name : kContext) {
    if (const auto value = event.attribute(name)) append_line(out, name, *value);
  }
  std::vector<Attribute> extensions;
  event.for_each_attribute([&](const Attribute& attribute) {
    const bool is_context = std::ranges::find(kContext, attribute.name) != std::end(kContext);
    const bool is_hidden = attribute.name == kHops && hops == HopCount::omit;
    if (!is_context && !is_hidden) extensions.push_back(attribute);
  });
  std::ranges::sort(extensions, {}, &Attribute::name);
  if (!extensions.empty()) out += "Extensions,\n";
  for (const Attribute& extension : extensions) append_line(out, extension.name, extension.value);
  append_data(event, out);
  return out;
}

std::string show_json(const Event& event, HopCount hops) {
  std::string out;
  if (const DataKind kind = kind_to_show(event); kind != event.data_kind()) {
    EventBuilder builder = EventBuilder::copy_of(event);
    builder.data(event.data(), kind);
    append_event_json(*builder.build(), hops, out);
  } else {
    append_event_json(event, hops, out);
  }
  out += '\n';
  return out;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string show_event(const Event& event, EventFormat format, HopCount hops) {
  return format == EventFormat::json ? show_json(event, hops) : show_text(event, hops);
}

std::string indent_json(std::string_view json, std::string_view margin) {
  std::string out;
  std::size_t depth = 0;
  const auto new_line = [&] {
    out.append("\n").append(margin);
    for (std::size_t i = 0; i < depth; ++i) out.append(kIndent);
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (is_space(c)) continue;
    if (c == '"') {
      const std::size_t begin = i++;
      for (; i < json.size() && json[i] != '"'; ++i) {
        if (json[i] == '\\') ++i;
      }
      out.append(json.substr(begin, i - begin + 1));
    } else if (c == '{' || c == '[') {
      out += c;
      while (i + 1 < json.size() && is_space(json[i + 1])) ++i;
      if (i + 1 < json.size() && (json[i + 1] == '}' || json[i + 1] == ']')) {
        out += json[++i];
        continue;
      }
      ++depth;
      new_line();
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      new_line();
      out += c;
    } else if (c == ',') {
      out += c;
      new_line();
    } else {
      out += c;
      if (c == ':') out += ' ';
    }
  }
  return out;
}

bool is_plain_text(std::string_view text) noexcept {
  const bool has_control = std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t' && c != '\r') || byte == 0x7f;
  });
  return !has_control && is_utf8(text);
}

}  // namespace sluice
