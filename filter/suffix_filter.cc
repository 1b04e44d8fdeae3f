// The `suffix` dialect of the CloudEvents Subscriptions API: passes when every named attribute is
// present and ends with its value. Byte by byte, upper and lower case differ.
//
//   {"suffix": {"type": ".created"}}

#include "filter/dialect.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

class SuffixFilter final : public Filter {
 public:
  explicit SuffixFilter(std::vector<Requirement> requirements)
      : requirements_(std::move(requirements)) {}

  [[nodiscard]] bool matches(const Event& event) const noexcept override {
    return std::ranges::all_of(requirements_, [&](const Requirement& required) {
      const auto value = event.attribute(required.attribute);
      return value && value->ends_with(required.value);
    });
  }

  [[nodiscard]] std::vector<PinSet> pins() const override {
    return pins_of(requirements_, Pin::Kind::suffix);
  }

 private:
  std::vector<Requirement> requirements_;  // One or two in practice: a vector beats a map.
};

}  // namespace

Result<FilterPtr> make_suffix_filter(const Clause& clause) {
  SLUICE_TRY(auto requirements, parse_requirements(clause, EmptyValue::refused));
  if (requirements.empty()) return bad_clause(clause.path, "want at least one attribute");
  return std::make_shared<const SuffixFilter>(std::move(requirements));
}

}  // namespace sluice
