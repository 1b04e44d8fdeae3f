#include "filter/requirements.h"

#include "base/utf8.h"

#include <algorithm>

namespace sluice {
namespace {

bool is_attribute_name(std::string_view name) noexcept {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace

Result<std::vector<Requirement>> parse_requirements(const Clause& clause, EmptyValue empty) {
  if (!clause.argument.is_object()) {
    return bad_clause(clause.path, "want an object of attributes and strings");
  }
  std::vector<Requirement> requirements;
  requirements.reserve(clause.argument.size());
  for (const auto& [name, value] : clause.argument.items()) {
    if (name.empty()) return bad_clause(clause.path, "an attribute name is empty");
    if (!is_attribute_name(name)) {
      return bad_clause(clause.path, "attribute name " + in_quotes(name) +
                                         " is no lower-case letter followed by lower-case letters "
                                         "and digits");
    }
    const auto* const text = value.get_ptr<const std::string*>();
    if (text == nullptr) return bad_clause(clause.path + "." + name, "want a string");
    if (text->empty() && empty == EmptyValue::refused) {
      return bad_clause(clause.path + "." + name, "the value is empty");
    }
    requirements.push_back({name, *text});
  }
  return requirements;
}

std::vector<PinSet> pins_of(const std::vector<Requirement>& requirements, Pin::Kind kind) {
  std::vector<PinSet> sets;
  for (const Requirement& required : requirements) {
    if (!required.value.empty()) sets.push_back({Pin{kind, required.attribute, required.value}});
  }
  return sets;
}

bool are_among(const std::vector<Requirement>& requirements,
               std::span<const std::string_view> names) noexcept {
  return std::ranges::all_of(requirements, [&](const Requirement& required) {
    return std::ranges::find(names, required.attribute) != names.end();
  });
}

}  // namespace sluice
