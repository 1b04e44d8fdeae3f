// Any header fields and any body as an event in binary mode: the input is lines of "name: value",
// an empty line, and the body. No crash, no read past the end, and what is accepted can be written
// in both modes and comes back the same.

#include "tests/fuzz/event_properties.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  sluice::fuzz::Headers headers;
  while (!rest.empty() && headers.size() < sluice::HttpFields::kMaxFields) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  sluice::fuzz::check(sluice::fuzz::read(headers, rest));
  return 0;
}
