#pragma once

#include "inference/bf16.h"
#include "inference/cpu_model.h"
#include "inference/fp8.h"
#include "inference/weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::inference {

/// The nearest E4M3, by looking at all of them; what is too large becomes 448.
inline std::uint8_t to_e4m3(float value) {
  std::uint8_t best = 0;
  for (std::uint8_t bits = 1; bits < 0x7f; ++bits) {
    const float error = std::abs(from_e4m3(bits) - std::abs(value));
    if (error < std::abs(from_e4m3(best) - std::abs(value))) best = bits;
  }
  return static_cast<std::uint8_t>(best | (std::signbit(value) ? 0x80 : 0));
}

/// Puts `values` into memory that `owners` keep.
template <class T>
TensorView tensor_of(Weights& owners, DType dtype, std::vector<std::int64_t> shape,
                     std::vector<T> values) {
  auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  const auto* data = reinterpret_cast<const std::byte*>(owner->data());
  owners.owners.push_back(std::move(owner));
  return {dtype, std::move(shape), data};
}

/// A matrix as Qwen's FP8 releases have it: the largest of a square becomes 448.
inline TensorView in_fp8(Weights& owners, const TensorView& tensor) {
  const std::int64_t rows = tensor.shape[0];
  const std::int64_t columns = tensor.shape[1];
  const std::vector<std::int64_t> blocks = {fp8_blocks(rows), fp8_blocks(columns)};
  const auto square = [&](std::int64_t i) {
    return static_cast<std::size_t>(i / columns / 128 * blocks[1] + i % columns / 128);
  };
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  read_floats(tensor, 0, rows * columns, values.data());
  std::vector<float> largest(static_cast<std::size_t>(blocks[0] * blocks[1]));
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    float& most = largest[square(i)];
    most = std::max(most, std::abs(values[static_cast<std::size_t>(i)]));
  }
  std::vector<std::uint16_t> scales;
  for (const float most : largest) scales.push_back(to_bf16(most / 448));
  std::vector<std::uint8_t> bytes;
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    bytes.push_back(to_e4m3(values[static_cast<std::size_t>(i)] / from_bf16(scales[square(i)])));
  }
  TensorView quantised = tensor_of(owners, DType::fp8, {rows, columns}, std::move(bytes));
  quantised.scales =
      std::make_shared<const TensorView>(tensor_of(owners, DType::bf16, blocks, std::move(scales)));
  return quantised;
}

/// What a matrix in fp8 stands for, in fp32.
inline TensorView widened(Weights& owners, const TensorView& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.num_elements()));
  read_floats(tensor, 0, tensor.num_elements(), values.data());
  return tensor_of(owners, DType::f32, tensor.shape, std::move(values));
}

/// The same weights with the layers' matrices changed by in_fp8() or widened().
inline Weights with_matrices(Weights weights, TensorView (*change)(Weights&, const TensorView&)) {
  for (LayerWeights& layer : weights.layers) {
    for (TensorView* matrix : {&layer.q_proj, &layer.k_proj, &layer.v_proj, &layer.o_proj,
                               &layer.gate_proj, &layer.up_proj, &layer.down_proj}) {
      *matrix = change(weights, *matrix);
    }
  }
  return weights;
}

}  // namespace sluice::inference
