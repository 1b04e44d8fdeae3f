// The first hidden state of a step's rows.

#include "inference/bf16.h"
#include "inference/cuda/embed.h"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"
#include "tests/inference/cuda/device_array.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::inference::cuda {
namespace {

constexpr int kVocabulary = 48;

class Embed : public testing::TestWithParam<int> {};

TEST_P(Embed, GathersScalesAndSumsSquares) {
  const int depth = GetParam();
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  const auto size = static_cast<std::size_t>(depth);
  std::vector<float> table(kVocabulary * size);
  std::vector<Bf16> packed(table.size());
  for (int token = 0; token < kVocabulary; ++token) {
    for (int k = 0; k < depth; ++k) {
      const Bf16 value = to_bf16(normal(random));
      table[static_cast<std::size_t>(token * depth + k)] = to_float(value);
      packed[static_cast<std::size_t>(weight_offset(token, k, depth))] = value;
    }
  }
  std::vector<Bf16> weights(size);
  for (Bf16& weight : weights) weight = to_bf16(normal(random));

  // A token that is known, one that the device knows, one that it failed to choose.
  const DeviceArray<DeviceRow> rows({{47, -1, 0, 0}, {3, 1, 5, 1}, {3, 0, 5, 2}});
  const DeviceArray<int> chosen({-1, 20});
  const int expected[] = {47, 20, 0};
  const DeviceArray<Bf16> embedding(packed);
  const DeviceArray<Bf16> norm(weights);
  const DeviceArray<float> hidden(3 * size);
  const DeviceArray<Bf16> scaled(8 * size);
  const DeviceArray<float> squares(3 * size / 16);
  on_stream([&](cudaStream_t stream) {
    EXPECT_EQ(enqueue_embed({stream}, rows.data(), 3, chosen.data(), embedding.data(), norm.data(),
                            HiddenState{hidden.data(), scaled.data(), squares.data(), depth}),
              cudaSuccess);
  });
  const auto hidden_values = hidden.get();
  const auto scaled_values = scaled.get();
  const auto square_values = squares.get();
  for (int row = 0; row < 3; ++row) {
    double sum = 0;
    for (int k = 0; k < depth; ++k) {
      const float value = table[static_cast<std::size_t>(expected[row] * depth + k)];
      EXPECT_EQ(hidden_values[static_cast<std::size_t>(row * depth + k)], value);
      const Bf16 weight = weights[static_cast<std::size_t>(k)];
      EXPECT_EQ(scaled_values[static_cast<std::size_t>(activation_offset(row, k, depth))].bits,
                to_bf16(value * to_float(weight)).bits);
      sum += static_cast<double>(value) * value;
      if (k % 16 < 15) continue;
      EXPECT_NEAR(square_values[static_cast<std::size_t>((row * depth + k) / 16)], sum, 1e-5 * sum);
      sum = 0;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Depths, Embed, testing::Values(32, 96, 1056));

}  // namespace
}  // namespace sluice::inference::cuda
