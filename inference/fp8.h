#pragma once

#include <bit>
#include <cstdint>

namespace sluice::inference {

/// The weights of Qwen's FP8 releases have one scale for each square of so many rows and columns.
inline constexpr std::int64_t kFp8Block = 128;

/// How many squares cover `size` rows or columns.
constexpr std::int64_t fp8_blocks(std::int64_t size) noexcept {
  return (size + kFp8Block - 1) / kFp8Block;
}

/// E4M3 as the OCP's "8-bit Floating Point Specification" has it: a sign, 4 bits of exponent with a
/// bias of 7, 3 bits of mantissa; no infinities, 0x7f and 0xff are NaN. 448 is the largest.
constexpr float from_e4m3(std::uint8_t bits) noexcept {
  const std::uint32_t sign = (bits & 0x80U) << 24;
  const std::uint32_t rest = bits & 0x7fU;
  if (rest == 0x7f) return std::bit_cast<float>(sign | 0x7fc00000U);
  if (rest >= 8) return std::bit_cast<float>(sign | ((rest << 20) + (120U << 23)));
  const float magnitude = static_cast<float>(rest) * 0x1p-9F;  // Subnormal.
  return sign != 0 ? -magnitude : magnitude;
}

}  // namespace sluice::inference
