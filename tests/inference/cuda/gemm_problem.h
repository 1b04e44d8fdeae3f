#pragma once

#include "inference/cuda/gemm.h"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"
#include "tests/inference/cuda/device_array.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <vector>

namespace sluice::inference::cuda {

/// A row-major matrix whose values are bf16.
struct Matrix {
  int rows;
  int depth;
  std::vector<float> values;

  [[nodiscard]] float& at(int row, int k) {
    return values[static_cast<std::size_t>(row) * static_cast<std::size_t>(depth) +
                  static_cast<std::size_t>(k)];
  }
  [[nodiscard]] float at(int row, int k) const { return const_cast<Matrix*>(this)->at(row, k); }
};

inline Matrix random_matrix(int rows, int depth, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Matrix matrix{rows, depth, std::vector<float>(static_cast<std::size_t>(rows * depth))};
  for (float& value : matrix.values) value = to_float(to_bf16(normal(random)));
  return matrix;
}

/// In the order of tile_layout.h, `padding` in what is beyond the last row.
inline std::vector<Bf16> packed(const Matrix& matrix, bool is_weights, Bf16 padding) {
  const int unit = is_weights ? kTileRows : kFragmentRows;
  const int padded = (matrix.rows + unit - 1) / unit * unit;
  std::vector<Bf16> values(static_cast<std::size_t>(padded * matrix.depth), padding);
  for (int row = 0; row < matrix.rows; ++row) {
    for (int k = 0; k < matrix.depth; ++k) {
      const std::int64_t at = is_weights ? weight_offset(row, k, matrix.depth)
                                         : activation_offset(row, k, matrix.depth);
      values[static_cast<std::size_t>(at)] = to_bf16(matrix.at(row, k));
    }
  }
  return values;
}

/// Device memory with words behind it that nobody may write.
template <class T>
class GuardedArray {
 public:
  explicit GuardedArray(std::size_t size) : size_(size), array_(size + kGuards) {}
  explicit GuardedArray(const std::vector<T>& values) : GuardedArray(values.size()) {
    array_.set(values);
  }
  [[nodiscard]] T* data() const { return array_.data(); }

  /// What is there, once the guards have been looked at.
  [[nodiscard]] std::vector<T> get() const {
    std::vector<T> values = array_.get();
    for (std::size_t i = size_ * sizeof(T); i < values.size() * sizeof(T); ++i) {
      const auto byte = reinterpret_cast<const unsigned char*>(values.data())[i];
      EXPECT_EQ(byte, 0xff) << "byte " << i << " of " << size_ * sizeof(T);
    }
    values.resize(size_);
    return values;
  }

 private:
  static constexpr std::size_t kGuards = 64;
  std::size_t size_;
  DeviceArray<T> array_;
};

/// X and W, on the host and on the device. What is beyond X's last row are NaNs.
class GemmProblem {
 public:
  static constexpr float kEpsilon = 1e-3F;

  GemmProblem(Matrix x, Matrix weights, bool is_normed)
      : x_(std::move(x)),
        weights_(std::move(weights)),
        device_x_(packed(x_, false, {0xffff})),
        device_weights_(packed(weights_, true, {0})) {
    operands_.weights = device_weights_.data();
    operands_.x = device_x_.data();
    operands_.num_tokens = x_.rows;
    operands_.num_rows = weights_.rows;
    operands_.depth = x_.depth;
    if (!is_normed) return;
    std::mt19937 random(9);
    std::uniform_real_distribution<float> uniform(0.1F, 30.F);
    squares_.resize(static_cast<std::size_t>(x_.rows * (x_.depth / 16)));
    for (float& square : squares_) square = uniform(random);
    device_squares_.emplace(squares_);
    operands_.squares = device_squares_->data();
    operands_.epsilon = kEpsilon;
  }

  /// The first `num_tokens` of them, or those of `rows`, which outlives what is returned.
  [[nodiscard]] GemmOperands first(int num_tokens) const {
    GemmOperands operands = operands_;
    operands.num_tokens = num_tokens;
    return operands;
  }
  [[nodiscard]] GemmOperands of(const DeviceArray<int>& rows) const {
    GemmOperands operands = first(static_cast<int>(rows.size()));
    operands.rows = rows.data();
    return operands;
  }
  [[nodiscard]] GemmOperands all() const { return operands_; }
  [[nodiscard]] const Matrix& x() const { return x_; }

  /// What a row of X is multiplied by.
  [[nodiscard]] double factor(int row) const {
    if (squares_.empty()) return 1;
    double sum = 0;
    const int parts = x_.depth / 16;
    for (int i = 0; i < parts; ++i) sum += squares_[static_cast<std::size_t>(row * parts + i)];
    return 1 / std::sqrt(sum / x_.depth + kEpsilon);
  }

  /// The product of a row of X and one of W.
  [[nodiscard]] double product(int x_row, int weight_row) const {
    double sum = 0;
    for (int k = 0; k < x_.depth; ++k) sum += double{x_.at(x_row, k)} * weights_.at(weight_row, k);
    return sum * factor(x_row);
  }

  /// How far off a sum of fp32 may be: each addition rounds by half a unit of what is there.
  [[nodiscard]] double tolerance() const { return 1e-6 * x_.depth; }

 private:
  Matrix x_;
  Matrix weights_;
  std::vector<float> squares_;
  DeviceArray<Bf16> device_x_;
  DeviceArray<Bf16> device_weights_;
  std::optional<DeviceArray<float>> device_squares_;
  GemmOperands operands_;
};

}  // namespace sluice::inference::cuda
