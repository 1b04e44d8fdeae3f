// Any bytes as a .safetensors file, and as the header of one: no crash, no read past the end, and
// the tensors of an accepted one lie side by side in its data, which ends where the last one ends.

#include "inference/safetensors.h"
#include "tests/fuzz/inference_properties.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace sluice::inference {
namespace {

/// `data` is where the tensors' bytes should be.
void check(const std::map<std::string, TensorView, std::less<>>& tensors,
           std::span<const std::byte> data) {
  std::vector<std::pair<const std::byte*, std::int64_t>> extents;
  bool sizes_are_known = true;
  for (const auto& [name, view] : tensors) {
    const auto element = static_cast<std::int64_t>(size_of(view.dtype));
    sizes_are_known = sizes_are_known && element > 0;
    extents.emplace_back(view.data, view.num_elements() * element);
    INFERENCE_ASSERT(view.data >= data.data() && view.data <= data.data() + data.size());
  }
  if (!sizes_are_known) return;
  std::ranges::sort(extents);
  const std::byte* end = data.data();
  for (const auto& [begin, bytes] : extents) {
    INFERENCE_ASSERT(begin == end);
    end = begin + bytes;
  }
  INFERENCE_ASSERT(end == data.data() + data.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes = std::as_bytes(std::span(data, size));
  const auto file = parse_safetensors(bytes, "a file");
  if (file) {
    const auto header_size = static_cast<std::size_t>(data[0]) |
                             static_cast<std::size_t>(data[1]) << 8 |
                             static_cast<std::size_t>(data[2]) << 16;
    check(file.value(), bytes.subspan(8 + header_size));
  } else {
    fuzz::check_refused(file.error());
  }
  // The length in front is hard to guess; so the rest is a header as well, of 64 bytes of data.
  if (size < 8) return 0;
  static const std::array<std::byte, 64> tensors{};
  const auto header = parse_safetensors_header(fuzz::text_of(data + 8, size - 8), tensors.data(),
                                               tensors.size(), "a file");
  if (header) {
    check(header.value(), tensors);
  } else {
    fuzz::check_refused(header.error());
  }
  return 0;
}

}  // namespace sluice::inference
