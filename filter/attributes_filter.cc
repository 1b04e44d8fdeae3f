// A Trigger's `filter.attributes`: `exact`, but the value "" means that the attribute is present
// and not empty. The same for every attribute, `time` too, where Knative knows exceptions.
//
//   filter: {attributes: {type: com.example.order.created, tenant: ""}}

#include "filter/dialect.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class AttributesFilter final : public Filter {
 public:
  explicit AttributesFilter(std::vector<Requirement> requirements)
      : requirements_(std::move(requirements)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::all_of(requirements_, [&](const Requirement& required) {
      const auto value = event.attribute(required.attribute);
      if (!value) return false;
      return required.value.empty() ? !value->empty() : *value == required.value;
    });
  }

  [[nodiscard]] std::vector<PinSet> pins() const override {
    return pins_of(requirements_, Pin::Kind::exact);
  }

 private:
  std::vector<Requirement> requirements_;
};

}  // namespace

Result<FilterPtr> compile_attributes_filter(const nlohmann::json& attributes) {
  const std::string path = "filter.attributes";
  SLUICE_TRY(auto requirements, parse_requirements({attributes, path}, EmptyValue::allowed));
  return std::make_shared<const AttributesFilter>(std::move(requirements));
}

}  // namespace sluice
