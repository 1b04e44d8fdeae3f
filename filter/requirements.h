#pragma once

#include "filter/dialect.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// What one attribute must be, in the dialects that take a map of them.
struct Requirement {
  std::string attribute;
  std::string value;
};

enum class EmptyValue : bool { refused, allowed };

/// Reads {"attribute": "value", ...}; names are those an attribute can have.
[[nodiscard]] Result<std::vector<Requirement>> parse_requirements(const Clause& clause,
                                                                  EmptyValue empty);

/// One set for each requirement with a value: every matching event meets all of them.
[[nodiscard]] std::vector<PinSet> pins_of(const std::vector<Requirement>& requirements,
                                          Pin::Kind kind);

/// Whether each of the attributes is one of `names`.
[[nodiscard]] bool are_among(const std::vector<Requirement>& requirements,
                             std::span<const std::string_view> names) noexcept;

/// A dialect that wants the same of each attribute it names. `Test` says what:
///
///   struct Test {
///     static constexpr std::string_view key = "prefix";         // The dialect's own.
///     static constexpr std::string_view verb = "starts with";   // "type starts with a".
///     static constexpr Pin::Kind kind = Pin::Kind::prefix;
///     static bool holds(std::string_view value, const std::string& wanted) noexcept;
///   };
template <typename Test>
class RequirementsFilter final : public Filter {
 public:
  explicit RequirementsFilter(std::vector<Requirement> requirements)
      : requirements_(std::move(requirements)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::all_of(
        requirements_, [&](const Requirement& required) { return is_met(required, event); });
  }

  [[nodiscard]] std::vector<PinSet> pins() const override {
    return pins_of(requirements_, Test::kind);
  }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    std::vector<Explanation> parts;
    for (const Requirement& required : requirements_) {
      parts.push_back(explained(
          event, {required.attribute, Test::verb, required.value, is_met(required, event)}));
    }
    return explained_all(Test::key, std::move(parts));
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view> names) const override {
    return are_among(requirements_, names);
  }

 private:
  static bool is_met(const Requirement& required, const Event& event) noexcept {
    const auto value = event.attribute(required.attribute);
    return value && Test::holds(*value, required.value);
  }

  std::vector<Requirement> requirements_;  // One or two in practice: a vector beats a map.
};

/// Compiles the argument of such a dialect.
template <typename Test>
Result<FilterPtr> make_requirements_filter(const Clause& clause) {
  SLUICE_TRY(auto requirements, parse_requirements(clause, EmptyValue::refused));
  if (requirements.empty()) return bad_clause(clause.path, "want at least one attribute");
  return std::make_shared<const RequirementsFilter<Test>>(std::move(requirements));
}

}  // namespace sluice
