#pragma once

#include "inference/kernels.h"

// Products of row-major matrices, for kernels_*.cc. `Op` is a struct of the including file's
// unnamed namespace (which keeps these functions apart in the linker's eyes) and says how columns
// are read and summed: Weight, Input (element types), Reg (an accumulator), kStep (columns a step),
// kInputs (rows of activations in one tile), weights(), weights_tail(), inputs(), step(), sum4().
//
// A tile of 4 matrix rows and up to kInputs activation rows, or of 2 and up to twice as many, is
// summed in registers, one accumulator each, along the columns; so a product's order of summation
// is the same in every tile.

namespace sluice::inference {

inline constexpr std::int64_t kPanelRows = 32;  // A panel of weights stays in the L2 cache.

template <class Op, int kTileRows>
struct DotTile {
  using Weight = typename Op::Weight;
  using Input = typename Op::Input;
  using Reg = typename Op::Reg;

  const Weight* weights;  // (kTileRows, columns), at `distance` from row to row
  std::int64_t distance;  // 0 where there is only one row left.
  std::int64_t columns;
  const Input* inputs;        // (num inputs, ...), packed
  std::int64_t input_stride;  // In elements.
  const std::byte* ahead;     // What will be needed soon, asked for on the way:
  std::int64_t ahead_step;    // so many bytes for each vector of weights.

  /// The products of R rows with X inputs, to out[x * stride + r].
  template <int X>
  void run(const Products& out, float* at, int num_rows) {
    Reg sums[X][4];  // sum4() wants 4.
#pragma GCC unroll 16
    for (int x = 0; x < X; ++x) {
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) sums[x][r] = Op::zero();
    }
    std::int64_t k = 0;
    for (; k + Op::kStep <= columns; k += Op::kStep) {
      Reg row[kTileRows];
#pragma GCC unroll 4
      for (int r = 0; r < kTileRows; ++r) {
        row[r] = Op::weights(weights + r * distance + k);
        __builtin_prefetch(ahead);
        ahead += ahead_step;
      }
#pragma GCC unroll 16
      for (int x = 0; x < X; ++x) {
        const Reg input = Op::inputs(inputs + x * input_stride + k);
#pragma GCC unroll 4
        for (int r = 0; r < kTileRows; ++r) sums[x][r] = Op::step(row[r], input, sums[x][r]);
      }
    }
    if (k < columns) {
      for (int x = 0; x < X; ++x) {
        const Reg input = Op::inputs(inputs + x * input_stride + k);  // Zeros at the end.
        for (int r = 0; r < kTileRows; ++r) {
          const Reg row = Op::weights_tail(weights + r * distance + k, columns - k);
          sums[x][r] = Op::step(row, input, sums[x][r]);
        }
      }
    }
#pragma GCC unroll 16
    for (int x = 0; x < X; ++x) {
      float four[4];
      Op::sum4(sums[x], four);
      float* to = at + x * out.stride;
      for (int r = 0; r < num_rows; ++r) to[r] = out.add ? to[r] + four[r] : four[r];
    }
  }

  /// run<num>(): the number of inputs as a constant.
  static constexpr int kInputs = Op::kInputs * 4 / kTileRows;

  template <int X = kInputs>
  void run_inputs(std::int64_t num, const Products& out, float* at, int num_rows) {
    if constexpr (X > 1) {
      if (num < X) return run_inputs<X - 1>(num, out, at, num_rows);
    }
    run<X>(out, at, num_rows);
  }
};

template <class Op, int kTileRows>
void multiply_tiles(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                    const std::byte* x, std::int64_t num_x, const Products& out) {
  using Tile = DotTile<Op, kTileRows>;
  Tile tile{};
  tile.columns = matrix.columns;
  const std::int64_t packed = Op::packed_bytes(matrix.columns);
  tile.input_stride = packed / static_cast<std::int64_t>(sizeof(typename Op::Input));
  const auto* weights = reinterpret_cast<const typename Op::Weight*>(matrix.data);
  const std::int64_t row_bytes = matrix.columns * static_cast<std::int64_t>(sizeof(*weights));
  const std::int64_t passes = (num_x + Tile::kInputs - 1) / Tile::kInputs;
  const std::int64_t vector = Op::kStep * static_cast<std::int64_t>(sizeof(*weights));
  // One pass asks for the next tile: hardware does not foresee four short rows. Several ask,
  // together, for the next panel, so that the memory works in all of them.
  tile.ahead_step = (vector + passes - 1) / passes;
  for (std::int64_t panel = first; panel < last; panel += kPanelRows) {
    const std::int64_t panel_end = panel + kPanelRows < last ? panel + kPanelRows : last;
    const std::int64_t next = passes > 1 ? panel + kPanelRows : panel + kTileRows;
    tile.ahead = matrix.data + next * row_bytes;
    for (std::int64_t i = 0; i < num_x; i += Tile::kInputs) {
      tile.inputs = reinterpret_cast<const typename Op::Input*>(x + i * packed);
      for (std::int64_t row = panel; row < panel_end;) {
        const bool whole = panel_end - row >= kTileRows;
        tile.weights = weights + row * matrix.columns;
        tile.distance = whole ? matrix.columns : 0;
        const int num_rows = whole ? kTileRows : 1;
        tile.run_inputs(num_x - i, out, out.data + i * out.stride + row, num_rows);
        row += num_rows;
      }
    }
  }
}

/// MatrixKernels::multiply of Op. Where all activation rows fit a tile of 2, one pass over the
/// weights is enough, and multiplying hides behind reading.
template <class Op>
void multiply_rows(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                   const std::byte* x, std::int64_t num_x, const Products& out) {
  if (num_x > Op::kInputs && num_x <= 2 * Op::kInputs) {
    return multiply_tiles<Op, 2>(matrix, first, last, x, num_x, out);
  }
  return multiply_tiles<Op, 4>(matrix, first, last, x, num_x, out);
}

}  // namespace sluice::inference
