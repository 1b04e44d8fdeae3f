// Any bytes as a batch: no crash, no read past the end; of what is accepted each event could have
// come alone, all have one specversion, and the batch can be written and comes back the same.

#include "event/event_batch.h"
#include "tests/fuzz/event_properties.h"

#include <cstddef>
#include <cstdint>

namespace sluice::fuzz {
namespace {

/// Reads a batch from a buffer that ends with it, so that ASan sees a read past it.
Result<std::vector<EventPtr>> read_batch(std::string_view text) {
  const Headers headers = {{"Content-Type", "application/cloudevents-batch+json"}};
  const auto bytes = std::make_unique_for_overwrite<char[]>(text.size());
  if (!text.empty()) std::memcpy(bytes.get(), text.data(), text.size());
  return events_from_http(headers, {bytes.get(), text.size()});
}

void check_batch(std::string_view text) {
  const auto read = read_batch(text);
  if (!read) return check_refused(read.error());
  const std::vector<EventPtr>& events = read.value();
  for (const EventPtr& event : events) {
    SLUICE_ASSERT(event->specversion() == events.front()->specversion());
    check_accepted(*event);
  }
  std::string written;
  append_batch_json(events, HopCount::keep, written);
  const auto again = read_batch(written);
  SLUICE_ASSERT(again.has_value());
  SLUICE_ASSERT(again.value().size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    SLUICE_ASSERT(has_same_attributes(*events[i], *again.value()[i]));
    SLUICE_ASSERT(events[i]->data() == again.value()[i]->data());
  }
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::fuzz::check_batch({reinterpret_cast<const char*>(data), size});
  return 0;
}
