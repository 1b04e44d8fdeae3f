// Any bytes as the argument of a `data` clause, a NUL, and the data of an event: no crash, no read
// past the end, and of a clause that compiles, explain() finds what matches() finds, and so does a
// slow oracle where it takes the data.

#include "base/assert.h"
#include "event/json_scanner.h"
#include "filter/filter.h"
#include "tests/filter/data_oracle.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {
namespace {

/// The data is the end of the event's memory, so that ASan sees a read past it.
EventPtr event_of(std::string_view data) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  builder.set("datacontenttype", "application/json").data(data, DataKind::bytes);
  return builder.build();
}

void check_agreement(const Filter& filter, const nlohmann::json& argument, std::string_view data) {
  const EventPtr event = event_of(data);
  const bool passes = filter.matches(*event);
  const Explanation explanation = filter.explain(*event);
  SLUICE_ASSERT(explanation.passes == passes);
  SLUICE_ASSERT(explanation.parts.size() == argument.size());
  if (!JsonScanner::is_json(data)) {
    SLUICE_ASSERT(!passes);
    SLUICE_ASSERT(!explanation.parts.front().problem.empty());
    return;
  }
  const auto wanted = oracle::passes(argument, data);
  SLUICE_ASSERT(!wanted || *wanted == passes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return 0;
  const auto argument = nlohmann::json::parse(text.substr(0, end), nullptr, false);
  if (argument.is_discarded()) return 0;
  auto spec = nlohmann::json::object();
  spec["data"] = argument;
  const auto filter = compile_filter(spec);
  if (!filter) {
    SLUICE_ASSERT(filter.error().code == Errc::invalid_argument);
    SLUICE_ASSERT(filter.error().detail.starts_with("data"));
    return 0;
  }
  check_agreement(*filter.value(), argument, text.substr(end + 1));
  return 0;
}

}  // namespace sluice
