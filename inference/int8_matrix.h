#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// The int8 form of a weight matrix and of activations. 32 consecutive columns of a row are a group
// with one scale. A product is, group by group in ascending order, the exact integer sum times the
// two scales, added in fp32.
//
// A matrix is panels of 16 rows. A panel is the 16 scales (bf16) of each group, zeros up to the
// next 64 bytes, then of each group 8 times 16 rows of 4 columns (uint8, 128 more than the value:
// the instruction wants one unsigned operand, and so the weights need no correction of their own).
// Rows and columns that the matrix lacks are 0.
//
// An activation is two int8: x = scale * (256 a + b), which is 15 bits and so as good as exact
// beside the weights; with one int8 the error of a product would be 1.4 times as large, more where
// activations have outliers, and decoding waits for the weights anyway. A row of activations is all
// a, all b, the scales of the groups (fp32), and of each group -128 times the sum of 256 a + b
// (int32), which undoes the 128 above.

namespace sluice::inference {

inline constexpr std::int64_t kInt8Group = 32;
inline constexpr std::int64_t kInt8PanelRows = 16;
inline constexpr std::int64_t kInt8GroupBytes = kInt8PanelRows * kInt8Group;

constexpr std::int64_t int8_groups(std::int64_t columns) noexcept {
  return (columns + kInt8Group - 1) / kInt8Group;
}

/// Of one panel.
constexpr std::int64_t int8_scale_bytes(std::int64_t columns) noexcept {
  return (int8_groups(columns) * kInt8PanelRows * 2 + 63) / 64 * 64;
}
constexpr std::int64_t int8_panel_bytes(std::int64_t columns) noexcept {
  return int8_scale_bytes(columns) + int8_groups(columns) * kInt8GroupBytes;
}

/// Bytes of a whole matrix.
constexpr std::int64_t int8_matrix_bytes(std::int64_t rows, std::int64_t columns) noexcept {
  return (rows + kInt8PanelRows - 1) / kInt8PanelRows * int8_panel_bytes(columns);
}

/// Bytes of one row of activations, a multiple of 64.
constexpr std::int64_t int8_packed_bytes(std::int64_t columns) noexcept {
  return 2 * int8_groups(columns) * kInt8Group + (int8_groups(columns) * 8 + 63) / 64 * 64;
}

/// Panel `panel` from up to 16 rows of weights, (num_rows, columns) fp32, into `out`, the matrix.
void quantize_panel(const float* rows, std::int64_t num_rows, std::int64_t columns,
                    std::int64_t panel, std::byte* out);

/// Where one panel's scales and weights begin.
struct Int8Panel {
  const std::uint16_t* scales;  // (groups, 16) bf16
  const std::uint8_t* weights;  // (groups, 8, 16, 4)
};

/// Where the parts of a row of activations begin.
struct Int8Row {
  const std::int8_t* high;  // a
  const std::int8_t* low;   // b
  const float* scales;
  const std::int32_t* corrections;
};

/// In an unnamed namespace: the kernels' files are compiled for different processors, and the
/// linker must not take one's copy for all.
namespace {
[[maybe_unused]] inline Int8Panel int8_panel(const std::byte* matrix, std::int64_t columns,
                                             std::int64_t panel) noexcept {
  const std::byte* scales = matrix + panel * int8_panel_bytes(columns);
  return {reinterpret_cast<const std::uint16_t*>(scales),
          reinterpret_cast<const std::uint8_t*>(scales + int8_scale_bytes(columns))};
}

[[maybe_unused]] inline Int8Row int8_row(const std::byte* packed, std::int64_t columns) noexcept {
  const std::int64_t groups = int8_groups(columns);
  const auto* high = reinterpret_cast<const std::int8_t*>(packed);
  const auto* scales = reinterpret_cast<const float*>(packed + 2 * groups * kInt8Group);
  return {high, high + groups * kInt8Group, scales,
          reinterpret_cast<const std::int32_t*>(scales + groups)};
}
}  // namespace

}  // namespace sluice::inference
