#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/pack_weights.h"
#include "inference/result.h"
#include "inference/safetensors.h"

#include <cstdint>
#include <span>

namespace sluice::inference::cuda {

/// A scale as the matrix products read it: times 2^120, for an e4m3 of which they only shift the
/// bits is smaller by that as a bf16. Errors: invalid_argument: not finite, negative, subnormal or
/// above 255.
[[nodiscard]] Result<Bf16> stored_scale(Bf16 scale);

/// Writes the scales of a matrix in fp8, which are in bf16, where scale_offset() has them for the
/// rows that `order` and `first_row` say, a multiple of 8; `out` has those of a whole matrix.
/// Errors: those of stored_scale().
[[nodiscard]] Result<void> place_scales(const TensorView& tensor, RowOrder order,
                                        std::int64_t first_row, std::span<Bf16> out);

}  // namespace sluice::inference::cuda
