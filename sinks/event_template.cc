#include "sinks/event_template.h"

#include <simdjson.h>

#include <algorithm>

namespace sluice {
namespace {

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_attribute_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// "a.b" as the JSON pointer "/a/b"; empty when a step of the path is.
std::string pointer_of(std::string_view path) {
  std::string pointer;
  for (;;) {
    const auto step = path.substr(0, path.find('.'));
    if (step.empty()) return {};
    pointer += '/';
    for (const char c : step) {
      if (c == '~') {
        pointer += "~0";
      } else if (c == '/') {
        pointer += "~1";
      } else {
        pointer += c;
      }
    }
    if (step.size() == path.size()) return pointer;
    path.remove_prefix(step.size() + 1);
  }
}

// Appends the value at `pointer`; nothing where there is none.
void append_value(simdjson::ondemand::document& document, std::string_view pointer,
                  std::string& out) {
  simdjson::ondemand::value value;
  simdjson::ondemand::json_type type{};
  if (document.at_pointer(pointer).get(value) != simdjson::SUCCESS) return;
  if (value.type().get(type) != simdjson::SUCCESS) return;
  std::string_view text;
  switch (type) {
    case simdjson::ondemand::json_type::string:
      if (value.get_string().get(text) == simdjson::SUCCESS) out += text;
      return;
    case simdjson::ondemand::json_type::object: {
      simdjson::ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return;
      if (object.raw_json().get(text) == simdjson::SUCCESS) out += text;
      return;
    }
    case simdjson::ondemand::json_type::array: {
      simdjson::ondemand::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS) return;
      if (array.raw_json().get(text) == simdjson::SUCCESS) out += text;
      return;
    }
    default:
      out += trim(value.raw_json_token());
  }
}

}  // namespace

Result<EventTemplate::Part> EventTemplate::parse_place(std::string_view place) {
  const std::string_view name = trim(place);
  if (name == "data") return Part{Part::Kind::data, {}};
  if (name.starts_with("data.")) {
    std::string pointer = pointer_of(name.substr(5));
    if (!pointer.empty()) return Part{Part::Kind::path, std::move(pointer)};
  } else if (is_attribute_name(name)) {
    return Part{Part::Kind::attribute, std::string(name)};
  }
  return fail(Errc::invalid_argument, "'{{" + std::string(place) +
                                          "}}' is neither an attribute nor data nor a path such "
                                          "as data.a.b");
}

Result<EventTemplate> EventTemplate::parse(std::string_view text) {
  EventTemplate parsed;
  for (;;) {
    const auto open = text.find("{{");
    if (open != 0 && !text.empty()) {
      parsed.parts_.push_back({Part::Kind::literal, std::string(text.substr(0, open))});
    }
    if (open == std::string_view::npos) return parsed;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) {
      return fail(Errc::invalid_argument,
                  "'" + std::string(text.substr(open)) + "' has no closing '}}'");
    }
    SLUICE_TRY(Part part, parse_place(text.substr(open + 2, close - open - 2)));
    parsed.parts_.push_back(std::move(part));
    text.remove_prefix(close + 2);
  }
}

std::string EventTemplate::render(const Event& event) const {
  std::string out;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::padded_string data;
  bool is_read = false;
  bool is_json = false;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::literal:
        out += part.text;
        break;
      case Part::Kind::attribute:
        out += event.attribute(part.text).value_or(std::string_view());
        break;
      case Part::Kind::data:
        out += event.data();
        break;
      case Part::Kind::path:
        if (!is_read) {
          data = simdjson::padded_string(event.data());
          is_json = parser.iterate(data).get(document) == simdjson::SUCCESS;
          is_read = true;
        }
        if (is_json) append_value(document, part.text, out);
        break;
    }
  }
  return out;
}

}  // namespace sluice
