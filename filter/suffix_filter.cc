// The `suffix` dialect of the CloudEvents Subscriptions API: passes when every named attribute is
// present and ends with its value. Byte by byte, upper and lower case differ.
//
//   {"suffix": {"type": ".created"}}

#include "filter/requirements.h"

namespace sluice {
namespace {

struct SuffixTest {
  static constexpr std::string_view key = "suffix";
  static constexpr std::string_view verb = "ends with";
  static constexpr Pin::Kind kind = Pin::Kind::suffix;
  static bool holds(std::string_view value, const std::string& wanted) noexcept {
    return value.ends_with(wanted);
  }
};

}  // namespace

Result<FilterPtr> make_suffix_filter(const Clause& clause) {
  return make_requirements_filter<SuffixTest>(clause);
}

}  // namespace sluice
