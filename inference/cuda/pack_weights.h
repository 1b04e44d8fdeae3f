#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/launch.cuh"
#include "inference/cuda/tile_layout.h"
#include "inference/safetensors.h"

#include <cstdint>

namespace sluice::inference::cuda {

/// Which rows of a matrix a tensor's rows become: row r the row r, or, of a matrix that holds gate
/// and up, gate_row(r) or up_row(r).
enum class RowOrder : std::uint8_t { plain, gate, up };

[[nodiscard]] constexpr std::int64_t matrix_row(RowOrder order, std::int64_t row) noexcept {
  switch (order) {
    case RowOrder::gate:
      return gate_row(row);
    case RowOrder::up:
      return up_row(row);
    default:
      return row;
  }
}

/// Neighbouring rows of a tensor, in device memory as they stand in a file, and where they belong.
struct StagedRows {
  const void* rows = nullptr;  ///< (num_rows, depth) row-major, aligned to 16 bytes.
  DType dtype = DType::bf16;   ///< fp8 where the matrix is, and only there; not `other`.
  std::int64_t num_rows = 0;
  int num_zero_rows = 0;  ///< Rows of zeros behind them: those up to the next multiple of 16.
  RowOrder order = RowOrder::plain;
  std::int64_t first_row = 0;
  Bf16* matrix = nullptr;       ///< (.., depth) in weight_offset() order.
  std::uint8_t* fp8 = nullptr;  ///< Or in fp8_offset() order.
  int* nans = nullptr;          ///< With fp8: set to 1 where an element is no number.
  int depth = 0;                ///< A multiple of 32.
};

/// Writes staged rows to their matrix: as they are in fp8, or as bf16, to the nearest, ties to
/// even. Errors: those of the launch; cudaErrorInvalidValue for another dtype or depth.
cudaError_t enqueue_pack_weights(const Stream& stream, const StagedRows& staged);

}  // namespace sluice::inference::cuda
