#include "sinks/event_template.h"

#include "sinks/json_path.h"

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

}  // namespace

Result<EventTemplate::Part> EventTemplate::parse_place(std::string_view place, Places places) {
  const std::string_view name = trim(place);
  const bool has_output = places == Places::with_output;
  const auto path = [name](std::string_view root) {
    return name.starts_with(root) ? json_pointer_of(name.substr(root.size())) : std::string();
  };
  if (name == "data") return Part{Part::Kind::data, {}};
  if (has_output && name == "output") return Part{Part::Kind::output, {}};
  if (is_attribute_name(name)) return Part{Part::Kind::attribute, std::string(name)};
  std::string pointer = path("data.");
  if (!pointer.empty()) return Part{Part::Kind::data_path, std::move(pointer)};
  if (has_output) pointer = path("output.");
  if (!pointer.empty()) return Part{Part::Kind::output_path, std::move(pointer)};
  return fail(Errc::invalid_argument,
              "'{{" + std::string(place) + "}}' is neither an attribute nor data" +
                  (has_output ? " nor output" : "") + " nor a path such as data.a.b" +
                  (has_output ? " or output.a.b" : ""));
}

Result<EventTemplate> EventTemplate::parse(std::string_view text, Places places) {
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
    SLUICE_TRY(Part part, parse_place(text.substr(open + 2, close - open - 2), places));
    parsed.parts_.push_back(std::move(part));
    text.remove_prefix(close + 2);
  }
}

std::string EventTemplate::render(const Event& event, std::string_view output) const {
  std::string out;
  JsonParts data(event.data());
  JsonParts answer(output);
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
      case Part::Kind::data_path:
        data.append(part.text, out);
        break;
      case Part::Kind::output:
        out += output;
        break;
      case Part::Kind::output_path:
        answer.append(part.text, out);
        break;
    }
  }
  return out;
}

}  // namespace sluice
