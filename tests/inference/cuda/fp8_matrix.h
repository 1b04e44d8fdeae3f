#pragma once

#include "inference/bf16.h"
#include "inference/cuda/fp8_scales.h"
#include "inference/cuda/tile_layout.h"
#include "inference/fp8.h"
#include "tests/inference/cuda/gemm_problem.h"

#include <cstdint>
#include <random>
#include <vector>

namespace sluice::inference::cuda {

/// A matrix in fp8, row-major, with a scale for each 8 rows and 128 k: a gate and an up projection
/// together have as many.
struct Fp8Matrix {
  int rows;
  int depth;
  std::vector<std::uint8_t> bytes;
  std::vector<Bf16> scales;

  [[nodiscard]] int scales_a_row() const { return (depth + 127) / 128; }
  [[nodiscard]] Bf16 scale(int row, int k) const {
    return scales[static_cast<std::size_t>(row / 8 * scales_a_row() + k / 128)];
  }
  [[nodiscard]] std::uint8_t byte(int row, int k) const {
    return bytes[static_cast<std::size_t>(row * depth + k)];
  }
};

/// All numbers there are, subnormals and both zeros among them, with scales of all sizes.
inline Fp8Matrix random_fp8(int rows, int depth, unsigned seed) {
  std::mt19937 random(seed);
  Fp8Matrix matrix{
      rows, depth, std::vector<std::uint8_t>(static_cast<std::size_t>(rows * depth)), {}};
  for (std::uint8_t& byte : matrix.bytes) {
    do byte = static_cast<std::uint8_t>(random());
    while ((byte & 0x7f) == 0x7f);
  }
  std::uniform_real_distribution<float> exponent(-14, 3);
  matrix.scales.resize(static_cast<std::size_t>((rows + 7) / 8 * matrix.scales_a_row()));
  for (Bf16& scale : matrix.scales) scale = to_bf16(std::exp2(exponent(random)));
  return matrix;
}

/// What its weights times their scales are, to the nearest bf16.
inline Matrix widened(const Fp8Matrix& matrix) {
  Matrix wide{matrix.rows, matrix.depth, std::vector<float>(matrix.bytes.size())};
  for (int row = 0; row < matrix.rows; ++row) {
    for (int k = 0; k < matrix.depth; ++k) {
      const float product = from_e4m3(matrix.byte(row, k)) * to_float(matrix.scale(row, k));
      wide.at(row, k) = to_float(to_bf16(product));
    }
  }
  return wide;
}

/// In the order of tile_layout.h, with zeros behind the last row.
inline std::vector<std::uint8_t> packed_bytes(const Fp8Matrix& matrix) {
  std::vector<std::uint8_t> packed(static_cast<std::size_t>((matrix.rows + 15) / 16 * 16) *
                                   static_cast<std::size_t>(matrix.depth));
  for (int row = 0; row < matrix.rows; ++row) {
    for (int k = 0; k < matrix.depth; ++k) {
      packed[static_cast<std::size_t>(fp8_offset(row, k, matrix.depth))] = matrix.byte(row, k);
    }
  }
  return packed;
}

inline std::vector<Bf16> packed_scales(const Fp8Matrix& matrix) {
  std::vector<Bf16> packed(
      static_cast<std::size_t>((matrix.rows + 15) / 16 * 2 * scale_blocks(matrix.depth)));
  for (int row = 0; row < matrix.rows; ++row) {
    for (int k = 0; k < matrix.depth; ++k) {
      packed[static_cast<std::size_t>(scale_offset(row, k, matrix.depth))] =
          stored_scale(matrix.scale(row, k)).value();
    }
  }
  return packed;
}

}  // namespace sluice::inference::cuda
