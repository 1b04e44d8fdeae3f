// Any bytes as an event in structured mode: no crash, no read past the end, and what is accepted
// can be written in both modes and comes back the same.

#include "tests/fuzz/event_properties.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  sluice::fuzz::check(sluice::fuzz::read({{"Content-Type", "application/cloudevents+json"}}, text));
  return 0;
}
