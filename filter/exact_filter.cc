// The `exact` dialect of the CloudEvents Subscriptions API: passes when every named attribute is
// present and has exactly its value. Byte by byte, upper and lower case differ.
//
//   {"exact": {"type": "com.example.order.created", "source": "/shop"}}

#include "filter/requirements.h"

namespace sluice {
namespace {

struct ExactTest {
  static constexpr std::string_view key = "exact";
  static constexpr std::string_view verb = "=";
  static constexpr Pin::Kind kind = Pin::Kind::exact;
  static bool holds(std::string_view value, const std::string& wanted) noexcept {
    return value == wanted;
  }
};

}  // namespace

Result<FilterPtr> make_exact_filter(const Clause& clause) {
  return make_requirements_filter<ExactTest>(clause);
}

}  // namespace sluice
