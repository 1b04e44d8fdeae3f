#pragma once

#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"

#include <cuda_runtime.h>

#include <cmath>

// RMSNorm's factor of a row. The weights of a norm are multiplied in where the hidden state is
// written, the factor where the product that reads it is through: it is the same for a whole row.

namespace sluice::inference::cuda {

/// 1 / sqrt(mean(x^2) + epsilon) of a row x, from `squares`, the sums of squares of each 16
/// neighbours, (num_parts). A whole warp calls it, all lanes get the factor. Lane l sums the parts
/// l, l + 32, ..., then lanes are added 16, 8, 4, 2, 1 apart.
__device__ __forceinline__ float row_factor(const float* __restrict__ squares, int num_parts,
                                            float epsilon) {
  float sum = 0;
#pragma unroll 4
  for (int part = static_cast<int>(threadIdx.x % 32); part < num_parts; part += 32) {
    sum += squares[part];
  }
#pragma unroll
  for (int apart = 16; apart > 0; apart /= 2) sum += __shfl_xor_sync(kWholeWarp, sum, apart);
  return 1 / sqrtf(sum / static_cast<float>(num_parts * kTileRows) + epsilon);
}

}  // namespace sluice::inference::cuda
