#include "base/kafka_topic_spec.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t kTopicBytes = 249;

bool is_topic_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

Result<void> check_kafka_topic(const std::string& name) {
  if (name.empty() || name == "." || name == "..") {
    return fail(Errc::invalid_argument, "'" + name + "' is no name for a Kafka topic");
  }
  if (name.size() > kTopicBytes) {
    return fail(Errc::invalid_argument, "the Kafka topic '" + name + "' has " +
                                            std::to_string(name.size()) +
                                            " characters, the limit is 249: use a shorter name");
  }
  if (!std::ranges::all_of(name, is_topic_character)) {
    return fail(Errc::invalid_argument,
                "the Kafka topic '" + name + "' may only have letters, digits, '.', '_' and '-'");
  }
  return boost::outcome_v2::success();
}

}  // namespace sluice
