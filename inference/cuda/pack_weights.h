#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/launch.cuh"
#include "inference/safetensors.h"

#include <cstdint>

namespace sluice::inference::cuda {

/// Which rows of a matrix a tensor's rows become: row r the row first_row + r, or, of a matrix that
/// holds gate and up, gate_row(first_row + r) or up_row(first_row + r).
enum class RowOrder : std::uint8_t { plain, gate, up };

/// Neighbouring rows of a tensor, in device memory as they stand in a file, and where they belong.
struct StagedRows {
  const void* rows = nullptr;  ///< (num_rows, depth) row-major, aligned to 16 bytes.
  DType dtype = DType::bf16;   ///< Not `other`.
  std::int64_t num_rows = 0;
  int num_zero_rows = 0;  ///< Rows of zeros behind them: those up to the next multiple of 16.
  RowOrder order = RowOrder::plain;
  std::int64_t first_row = 0;
  Bf16* matrix = nullptr;  ///< (.., depth) in weight_offset() order.
  int depth = 0;           ///< A multiple of 32.
};

/// Writes staged rows to their matrix, as bf16: to the nearest, ties to even.
/// Errors: those of the launch; cudaErrorInvalidValue for another dtype or depth.
cudaError_t enqueue_pack_weights(const Stream& stream, const StagedRows& staged);

}  // namespace sluice::inference::cuda
