#include "inference/int8_matrix.h"

#include "inference/bf16.h"

#include <algorithm>
#include <cmath>

namespace sluice::inference {
namespace {

/// `n` values as int8 at their places in a group of a panel; their scale.
std::uint16_t quantize_group(const float* values, std::int64_t n, std::byte* out) {
  float largest = 0;
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(values[i]));
  const std::uint16_t scale = to_bf16(largest / 127);
  const float rounded = from_bf16(scale);
  const float inverse = rounded > 0 ? 1 / rounded : 0;
  for (std::int64_t i = 0; i < n; ++i) {
    // A scale rounded down would make the largest 128.
    const long value = std::clamp(std::lrint(values[i] * inverse), -127L, 127L);
    out[i / 4 * kInt8PanelRows * 4 + i % 4] = static_cast<std::byte>(value + 128);
  }
  return scale;
}

}  // namespace

void quantize_panel(const float* rows, std::int64_t num_rows, std::int64_t columns,
                    std::int64_t panel, std::byte* out) {
  out += panel * int8_panel_bytes(columns);
  std::byte* weights = out + int8_scale_bytes(columns);
  const std::int64_t groups = int8_groups(columns);
  std::memset(out, 0, static_cast<std::size_t>(int8_scale_bytes(columns)));
  std::memset(weights, 128, static_cast<std::size_t>(groups * kInt8GroupBytes));
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::int64_t first = g * kInt8Group;
    const std::int64_t n = std::min(kInt8Group, columns - first);
    for (std::int64_t row = 0; row < num_rows; ++row) {
      const std::uint16_t scale =
          quantize_group(rows + row * columns + first, n, weights + g * kInt8GroupBytes + row * 4);
      std::memcpy(out + (g * kInt8PanelRows + row) * 2, &scale, sizeof scale);
    }
  }
}

}  // namespace sluice::inference
