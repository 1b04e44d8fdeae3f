// A Trigger's `filter.attributes`: `exact`, but the value "" means that the attribute is present
// and not empty. The same for every attribute, `time` too, where Knative knows exceptions.
//
//   filter: {attributes: {type: com.example.order.created, tenant: ""}}

#include "filter/requirements.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class AttributesFilter final : public Filter {
 public:
  explicit AttributesFilter(std::vector<Requirement> requirements)
      : requirements_(std::move(requirements)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::all_of(
        requirements_, [&](const Requirement& required) { return is_met(required, event); });
  }

  [[nodiscard]] std::vector<PinSet> pins() const override {
    return pins_of(requirements_, Pin::Kind::exact);
  }

  [[nodiscard]] Explanation explain(const Event& event) const override {
    std::vector<Explanation> parts;
    for (const Requirement& required : requirements_) {
      parts.push_back(
          explained(event, {required.attribute, "=", required.value, is_met(required, event)}));
    }
    return explained_all("attributes", std::move(parts));
  }

  [[nodiscard]] bool looks_only_at(std::span<const std::string_view> names) const override {
    return are_among(requirements_, names);
  }

 private:
  static bool is_met(const Requirement& required, const Event& event) noexcept {
    const auto value = event.attribute(required.attribute);
    if (!value) return false;
    return required.value.empty() ? !value->empty() : *value == required.value;
  }

  std::vector<Requirement> requirements_;
};

}  // namespace

Result<FilterPtr> compile_attributes_filter(const nlohmann::json& attributes) {
  const std::string path = "filter.attributes";
  SLUICE_TRY(auto requirements, parse_requirements({attributes, path}, EmptyValue::allowed));
  return std::make_shared<const AttributesFilter>(std::move(requirements));
}

}  // namespace sluice
