#include "inference/cuda/fp8_scales.h"

#include "inference/cuda/tile_layout.h"
#include "inference/fp8.h"

#include <cstring>
#include <string>

namespace sluice::inference::cuda {

Result<Bf16> stored_scale(Bf16 scale) {
  constexpr int kExponent = 120;
  if (scale.bits == 0) return scale;     // Of a square of zeros.
  const int exponent = scale.bits >> 7;  // With the sign: a negative one is too large.
  if (exponent < 1 || exponent + kExponent > 254) {
    return fail(Errc::invalid_argument,
                "a scale of fp8 weights is not from 2^-126 to 255: the bf16 of bits " +
                    std::to_string(scale.bits));
  }
  return Bf16{static_cast<std::uint16_t>(scale.bits + (kExponent << 7))};
}

Result<void> place_scales(const TensorView& tensor, RowOrder order, std::int64_t first_row,
                          std::span<Bf16> out) {
  const std::int64_t rows = tensor.shape[0];
  const std::int64_t depth = tensor.shape[1];
  for (std::int64_t row = 0; row < rows; row += kFragmentRows) {
    for (std::int64_t k = 0; k < depth; k += kFp8Block) {
      Bf16 scale{};
      const std::int64_t from = row / kFp8Block * tensor.scales->shape[1] + k / kFp8Block;
      std::memcpy(&scale, tensor.scales->data + from * std::int64_t{sizeof scale}, sizeof scale);
      INFERENCE_TRY(scale, stored_scale(scale));
      const std::int64_t to = matrix_row(order, first_row + row);
      out[static_cast<std::size_t>(scale_offset(to, k, depth))] = scale;
    }
  }
  return {};
}

}  // namespace sluice::inference::cuda
