// Why the `data` dialect passes an event or does not: what stands at each path, and what a path or
// a value may have been meant to be.

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "event/json_scanner.h"
#include "event/json_text.h"
#include "event/media_type.h"
#include "filter/data_requirement.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using Value = JsonData::Value;

constexpr std::size_t kMaxSeenBytes = 200;

/// What is to be said of one path.
class PathExplainer {
 public:
  PathExplainer(const JsonData& data, const DataRequirement& required)
      : data_(data), path_(required.path), wanted_(required.wanted) {}

  /// All that is at the path, as it stands, cut to kMaxSeenBytes; nullopt where nothing is.
  std::optional<std::string> seen() const {
    std::optional<std::string> out;
    path_.any_value(data_, [&](Value value) {
      if (out) *out += ", ";
      if (!out) out.emplace();
      *out += data_.raw(value).substr(0, kMaxSeenBytes + 1);
      return out->size() > kMaxSeenBytes;
    });
    if (!out || out->size() <= kMaxSeenBytes) return out;
    std::size_t end = kMaxSeenBytes;
    while (end > 0 && (static_cast<unsigned char>((*out)[end]) & 0xC0U) == 0x80U) --end;
    out->resize(end);
    return *out += "...";
  }

  /// The nearest miss among the values at the path.
  std::string value_hint() const {
    std::string hint;
    path_.any_value(data_, [&](Value value) {
      hint = hint_of(value);
      return !hint.empty();
    });
    return hint;
  }

  /// Where the path leaves the data; nothing where that says nothing.
  std::string path_hint() const {
    Value value = JsonData::kRoot;
    for (std::size_t i = 0; i < path_.steps().size(); ++i) {
      const DataPath::Step& step = path_.steps()[i];
      while (data_.first_char(value) == '[' && !step.index && !path_.is_pointer()) {
        const auto first = data_.element(value, 0);
        if (!first) return named(i) + " is an empty array";
        value = *first;
      }
      std::optional<Value> next;
      if (data_.first_char(value) == '{') next = data_.member(value, step.name);
      if (data_.first_char(value) == '[' && step.index) next = data_.element(value, *step.index);
      if (!next) return missing_step(value, i);
      value = *next;
    }
    return {};
  }

 private:
  std::string hint_of(Value value) const {
    if (data_.first_char(value) == '[') {
      std::string hint;
      data_.any_element(value, [&](Value inner) {
        hint = hint_of(inner);
        return !hint.empty();
      });
      return hint;
    }
    if (data_.first_char(value) == '{') return "it is an object: write a path to a member of it";
    const DataScalar scalar = scalar_of(data_, value);
    const std::string text(scalar.text);
    if (scalar.kind == DataScalar::Kind::string) {
      const bool as_number =
          is_json_number(text) && wanted_.any_holds({DataScalar::Kind::number, text});
      return as_number ? "it is a string; as a number it would pass" : near_text(text);
    }
    const bool as_string = wanted_.any_holds({DataScalar::Kind::string, text});
    return as_string ? "it is no string; as one it would pass" : near_text(text);
  }

  std::string near_text(std::string_view text) const {
    std::vector<std::string_view> candidates;
    for (const DataPatternPtr& pattern : wanted_.patterns) candidates.push_back(pattern->wanted());
    const auto near = nearest(text, candidates);
    if (!near) return {};
    const bool only_case = edit_distance(text, *near) == 0;
    return (only_case ? "differs only in case from " : "is near ") + in_quotes(*near);
  }

  /// What to say where the object, array or scalar `value` has not step number `at`.
  std::string missing_step(Value value, std::size_t at) const {
    const DataPath::Step& step = path_.steps()[at];
    switch (data_.first_char(value)) {
      case '{':
        return missing_member(value, at);
      case '[': {
        if (!step.index) return named(at) + " is an array: write an index";
        std::size_t count = 0;
        data_.any_element(value, [&](Value) {
          ++count;
          return false;
        });
        return named(at) + " has " + std::to_string(count) +
               (count == 1 ? " element" : " elements");
      }
      case '"':
        return named(at) + " is a string, which has no members";
      default:
        return named(at) + " is " + in_quotes(data_.raw(value)) + ", which has no members";
    }
  }

  std::string missing_member(Value object, std::size_t at) const {
    const std::string& name = path_.steps()[at].name;
    const std::string_view rest = rest_of(at);
    if (!path_.is_pointer() && rest != name && data_.member(object, rest)) {
      return "a name in the data has the points in it: write the pointer " +
             pointer_to(at, std::string(rest));
    }
    if (at == 0 && name == "data" && path_.steps().size() > 1) {
      return "a path begins inside the data: leave out the 'data' in front";
    }
    constexpr std::size_t kMostNames = 1000;  // Compared one by one, for each filter.
    std::vector<std::string> names;
    data_.each_member(object, [&](Value key, Value) {
      if (names.size() == kMostNames) return;
      if (const auto text = data_.string(key)) names.emplace_back(*text);
    });
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto near = nearest(name, views);
    if (!near) return {};
    const std::string front = at == 0 ? "" : std::string(front_of(at)) + ".";
    return "the data has " +
           in_quotes(path_.is_pointer() || near->find('.') != std::string_view::npos
                         ? pointer_to(at, std::string(*near))
                         : front + std::string(*near));
  }

  /// The path as far as its first `count` steps.
  std::string_view front_of(std::size_t count) const {
    const std::string_view text = path_.text();
    std::size_t end = path_.is_pointer() ? 0 : std::string_view::npos;
    for (std::size_t i = 0; i < count; ++i) {
      end = path_.is_pointer() ? text.find('/', end + 1) : text.find('.', end + 1);
    }
    return count == 0 ? std::string_view() : text.substr(0, end);
  }
  std::string_view rest_of(std::size_t count) const {
    const std::size_t front = front_of(count).size();
    return std::string_view(path_.text()).substr(count == 0 ? 0 : front + 1);
  }

  std::string pointer_to(std::size_t at, const std::string& name) const {
    std::string pointer;
    const auto add = [&](std::string_view step) {
      pointer += '/';
      for (const char c : step) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    };
    for (std::size_t i = 0; i < at; ++i) add(path_.steps()[i].name);
    add(name);
    return pointer;
  }

  std::string named(std::size_t count) const {
    return count == 0 ? "the data" : in_quotes(front_of(count));
  }

  const JsonData& data_;
  const DataPath& path_;
  const DataAlternatives& wanted_;
};

std::string why_no_json(const Event& event) {
  if (event.data_kind() == DataKind::none) return "the event has none";
  const auto type = event.attribute("datacontenttype");
  if (event.data_kind() != DataKind::json) {
    if (!type) return "the event has no datacontenttype";
    if (event.data_kind() == DataKind::text || !is_json_media_type(*type)) {
      return "datacontenttype is " + in_quotes(*type);
    }
  }
  const auto checked = JsonScanner::check(event.data());
  return checked ? "it is too large" : checked.error().detail;
}

}  // namespace

Explanation explained(const Event& event, const JsonData& data, const DataRequirement& required) {
  Explanation leaf;
  leaf.attribute = required.path.below("data");
  leaf.clause = leaf.attribute + " " + required.wanted.text();
  if (!data.is_json()) {
    leaf.problem = "the data is no JSON: " + why_no_json(event);
    return leaf;
  }
  leaf.passes = is_met(required, data);
  const PathExplainer explainer(data, required);
  leaf.seen = explainer.seen();
  if (!leaf.passes) leaf.hint = leaf.seen ? explainer.value_hint() : explainer.path_hint();
  return leaf;
}

}  // namespace sluice
