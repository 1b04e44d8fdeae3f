// The dialect `data`, Sluice's own: conditions on JSON data, modelled on the patterns of AWS
// EventBridge (docs/data-filters.md). Each key is a path, each value what may stand there; all
// paths must be met. What is not JSON does not pass.
//
//   {"data": {"order.status": ["paid", "shipped"], "/order/total": [{"numeric": [">", "100"]}]}}

#include "filter/data_requirement.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class DataFilter final : public Filter {
 public:
  explicit DataFilter(std::vector<DataRequirement> requirements)
      : requirements_(std::move(requirements)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    const JsonData& data = JsonData::of(event);
    return std::ranges::all_of(
        requirements_, [&](const DataRequirement& required) { return is_met(required, data); });
  }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    const JsonData& data = JsonData::of(event);
    std::vector<Explanation> parts;
    for (const DataRequirement& required : requirements_) {
      parts.push_back(explained(event, data, required));
    }
    return explained_all("data", std::move(parts));
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view>) const override {
    return false;
  }

 private:
  std::vector<DataRequirement> requirements_;
};

bool any_passes(const DataAlternatives& wanted, const JsonData& data,
                JsonData::Value value) noexcept {
  if (data.first_char(value) != '[') return wanted.any_holds(scalar_of(data, value));
  return data.any_element(value,
                          [&](JsonData::Value inner) { return any_passes(wanted, data, inner); });
}

}  // namespace

bool is_met(const DataRequirement& required, const JsonData& data) noexcept {
  if (!data.is_json()) return false;
  const DataAlternatives& wanted = required.wanted;
  bool is_there = false;
  const bool passes = required.path.any_value(data, [&](JsonData::Value value) {
    is_there = true;
    return wanted.patterns.empty() || any_passes(wanted, data, value);
  });
  if (wanted.exists && *wanted.exists == is_there) return true;
  return passes && !wanted.patterns.empty();
}

Result<FilterPtr> make_data_filter(const Clause& clause) {
  if (!clause.argument.is_object()) {
    return bad_clause(clause.path, "want an object of paths, e.g. {order.status: [paid, shipped]}");
  }
  if (clause.argument.empty()) return bad_clause(clause.path, "want at least one path");
  std::vector<DataRequirement> requirements;
  for (const auto& [key, value] : clause.argument.items()) {
    auto path = DataPath::parse(key);
    if (!path) return bad_clause(clause.path, path.error().detail);
    SLUICE_TRY(auto wanted, compile_data_alternatives({value, path.value().below(clause.path)}));
    requirements.push_back({std::move(path.value()), std::move(wanted)});
  }
  return std::make_shared<const DataFilter>(std::move(requirements));
}

}  // namespace sluice
