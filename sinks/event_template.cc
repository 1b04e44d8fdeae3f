#include "sinks/event_template.h"

#include "base/utf8.h"
#include "sinks/json_path.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
// Of what other template languages have in a place, and a path has no use for.
constexpr std::string_view kOfExpressions = " \t\r\n|()[]'\"";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

Error no_place(std::string_view written, bool has_output, std::string_view what) {
  return fail(Errc::invalid_argument, in_quotes(written) +
                                          " is no place: a place is an attribute, data" +
                                          (has_output ? ", output or a path such as output.a.0.b"
                                                      : " or a path such as data.a.0.b") +
                                          "; there are no " + std::string(what));
}

// What stands between places must not hold `{% if data %}` and its like.
Result<void> check_literal(std::string_view text, bool has_output) {
  const auto open = text.find("{%");
  if (open == std::string_view::npos) return boost::outcome_v2::success();
  const auto close = text.find("%}", open + 2);
  if (close == std::string_view::npos) return boost::outcome_v2::success();
  return no_place(text.substr(open, close + 2 - open), has_output, "statements");
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
  const std::string written = "{{" + std::string(place) + "}}";
  if (name.find_first_of(kOfExpressions) != std::string_view::npos) {
    return no_place(written, has_output, "filters");
  }
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
  return fail(Errc::invalid_argument, in_quotes(written) + " is neither an attribute nor data" +
                                          (has_output ? " nor output" : "") +
                                          " nor a path such as data.a.b" +
                                          (has_output ? " or output.a.b" : ""));
}

Result<EventTemplate> EventTemplate::parse(std::string_view text, Places places) {
  EventTemplate parsed;
  for (;;) {
    const auto open = text.find("{{");
    if (open != 0 && !text.empty()) {
      SLUICE_TRY(check_literal(text.substr(0, open), places == Places::with_output));
      parsed.parts_.push_back({Part::Kind::literal, std::string(text.substr(0, open))});
    }
    if (open == std::string_view::npos) return parsed;
    const auto close = text.find("}}", open);
    if (close == std::string_view::npos) {
      return fail(Errc::invalid_argument, in_quotes(text.substr(open)) + " has no closing '}}'");
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

bool EventTemplate::depends_on_event() const noexcept {
  return std::ranges::any_of(parts_, [](const Part& part) {
    return part.kind == Part::Kind::attribute || part.kind == Part::Kind::data ||
           part.kind == Part::Kind::data_path;
  });
}

bool EventTemplate::depends_on_output() const noexcept {
  return std::ranges::any_of(parts_, [](const Part& part) {
    return part.kind == Part::Kind::output || part.kind == Part::Kind::output_path;
  });
}

std::vector<std::vector<std::string>> EventTemplate::output_paths() const {
  std::vector<std::vector<std::string>> paths;
  for (const Part& part : parts_) {
    if (part.kind == Part::Kind::output_path) paths.push_back(steps_of(part.text));
  }
  return paths;
}

}  // namespace sluice
