// The `prefix` dialect of the CloudEvents Subscriptions API: passes when every named attribute is
// present and starts with its value. Byte by byte, upper and lower case differ.
//
//   {"prefix": {"type": "com.example.", "subject": "order/"}}

#include "filter/requirements.h"

namespace sluice {
namespace {

struct PrefixTest {
  static constexpr std::string_view key = "prefix";
  static constexpr std::string_view verb = "starts with";
  static constexpr Pin::Kind kind = Pin::Kind::prefix;
  static bool holds(std::string_view value, const std::string& wanted) noexcept {
    return value.starts_with(wanted);
  }
};

}  // namespace

Result<FilterPtr> make_prefix_filter(const Clause& clause) {
  return make_requirements_filter<PrefixTest>(clause);
}

}  // namespace sluice
