// Weights on their way from the order of a file to that of the tensor cores.

#include "inference/cuda/pack_weights.h"

#include "inference/bf16.h"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"
#include "tests/inference/cuda/device_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::inference::cuda {
namespace {

constexpr int kDepth = 96;
constexpr int kMatrixRows = 48;
constexpr std::size_t kMatrixSize = std::size_t{kMatrixRows} * kDepth;

std::uint16_t element(const std::vector<Bf16>& matrix, std::int64_t row, int k) {
  return matrix[static_cast<std::size_t>(weight_offset(row, k, kDepth))].bits;
}

/// What the matrix holds afterwards; 0xffff where nothing was written.
std::vector<Bf16> pack(StagedRows staged) {
  const DeviceArray<Bf16> matrix(kMatrixSize + 64);
  staged.matrix = matrix.data();
  staged.depth = kDepth;
  on_stream(
      [&](cudaStream_t stream) { EXPECT_EQ(enqueue_pack_weights({stream}, staged), cudaSuccess); });
  std::vector<Bf16> all = matrix.get();
  for (std::size_t i = kMatrixSize; i < all.size(); ++i) EXPECT_EQ(all[i].bits, 0xffff);
  all.resize(kMatrixSize);
  return all;
}

/// Rows of bf16 whose bits say where they come from.
std::uint16_t number(std::int64_t row, int k) {
  return static_cast<std::uint16_t>(row * kDepth + k);
}
std::vector<Bf16> numbered(int rows) {
  std::vector<Bf16> values;
  for (int row = 0; row < rows; ++row) {
    for (int k = 0; k < kDepth; ++k) values.push_back({number(row, k)});
  }
  return values;
}

TEST(PackWeights, PutsRowsWhereTheyBelong) {
  const DeviceArray<Bf16> rows(numbered(21));
  struct Case {
    RowOrder order;
    std::int64_t first_row;
    std::int64_t (*row_of)(std::int64_t);
  };
  const Case cases[] = {{RowOrder::plain, 0, [](std::int64_t row) { return row; }},
                        {RowOrder::plain, 27, [](std::int64_t row) { return row + 27; }},
                        {RowOrder::gate, 3, [](std::int64_t row) { return gate_row(row + 3); }},
                        {RowOrder::up, 0, [](std::int64_t row) { return up_row(row); }}};
  for (const Case& one : cases) {
    StagedRows staged;
    staged.rows = rows.data();
    staged.num_rows = 21;
    staged.order = one.order;
    staged.first_row = one.first_row;
    const auto matrix = pack(staged);
    std::size_t untouched = 0;
    for (const Bf16& value : matrix) untouched += value.bits == 0xffff ? 1 : 0;
    EXPECT_EQ(untouched, kMatrixSize - std::size_t{21} * kDepth);
    for (int row = 0; row < 21; ++row) {
      for (int k = 0; k < kDepth; ++k) {
        ASSERT_EQ(element(matrix, one.row_of(row), k), number(row, k)) << row << ", " << k;
      }
    }
  }
}

TEST(PackWeights, FillsUpWithZeros) {
  const DeviceArray<Bf16> rows(numbered(5));
  StagedRows staged;
  staged.rows = rows.data();
  staged.num_rows = 5;
  staged.num_zero_rows = 11;
  staged.first_row = 32;
  const auto matrix = pack(staged);
  for (int row = 0; row < kMatrixRows; ++row) {
    for (int k = 0; k < kDepth; ++k) {
      const int expected = row < 32 ? 0xffff : row < 37 ? number(row - 32, k) : 0;
      ASSERT_EQ(element(matrix, row, k), expected) << row << ", " << k;
    }
  }
}

TEST(PackWeights, RoundsFloats) {
  std::vector<float> values;
  for (int i = 0; i < 16 * kDepth; ++i)
    values.push_back(std::ldexp(1 + 0.001F * static_cast<float>(i), i % 60 - 30));
  values[7] = -0.F;
  values[8] = 1e-41F;
  values[9] = std::numeric_limits<float>::max();  // Rounds to infinity.
  const DeviceArray<float> rows(values);
  StagedRows staged;
  staged.rows = rows.data();
  staged.dtype = DType::f32;
  staged.num_rows = 16;
  const auto matrix = pack(staged);
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < kDepth; ++k) {
      const float value = values[static_cast<std::size_t>(row * kDepth + k)];
      ASSERT_EQ(element(matrix, row, k), inference::to_bf16(value)) << value;
    }
  }
}

TEST(PackWeights, WidensHalves) {
  std::vector<std::uint16_t> values;
  for (int i = 0; i < 16 * kDepth; ++i) values.push_back(static_cast<std::uint16_t>(i * 20));
  values[1] = 0x8001;  // The smallest, negative.
  values[2] = 0xfbff;  // -65504.
  const DeviceArray<std::uint16_t> rows(values);
  StagedRows staged;
  staged.rows = rows.data();
  staged.dtype = DType::f16;
  staged.num_rows = 16;
  const auto matrix = pack(staged);
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < kDepth; ++k) {
      const std::uint16_t half = values[static_cast<std::size_t>(row * kDepth + k)];
      ASSERT_EQ(element(matrix, row, k), inference::to_bf16(from_f16(half))) << half;
    }
  }
}

/// Packs rows of fp8 into `matrix`; whether one of their elements is no number.
bool pack_fp8(const std::vector<std::uint8_t>& values, const DeviceArray<std::uint8_t>& matrix,
              RowOrder order = RowOrder::plain, int num_zero_rows = 0) {
  const DeviceArray<std::uint8_t> rows(values);
  const DeviceArray<int> nans(std::vector<int>{0});
  StagedRows staged;
  staged.rows = rows.data();
  staged.dtype = DType::fp8;
  staged.num_rows = std::ssize(values) / kDepth;
  staged.num_zero_rows = num_zero_rows;
  staged.order = order;
  staged.fp8 = matrix.data();
  staged.nans = nans.data();
  staged.depth = kDepth;
  on_stream(
      [&](cudaStream_t stream) { EXPECT_EQ(enqueue_pack_weights({stream}, staged), cudaSuccess); });
  return nans.get()[0] != 0;
}

TEST(PackWeights, PutsFp8WhereItBelongs) {
  std::vector<std::uint8_t> values;
  for (int i = 0; i < 21 * kDepth; ++i) values.push_back(static_cast<std::uint8_t>(i % 127));
  for (const RowOrder order : {RowOrder::plain, RowOrder::gate, RowOrder::up}) {
    const DeviceArray<std::uint8_t> matrix(kMatrixSize + 64);
    const int num_zero_rows = order == RowOrder::plain ? 11 : 0;
    EXPECT_FALSE(pack_fp8(values, matrix, order, num_zero_rows));
    std::vector<std::uint8_t> expected(kMatrixSize + 64, 0xff);
    for (int row = 0; row < 21 + num_zero_rows; ++row) {
      for (int k = 0; k < kDepth; ++k) {
        expected[static_cast<std::size_t>(fp8_offset(matrix_row(order, row), k, kDepth))] =
            row < 21 ? values[static_cast<std::size_t>(row * kDepth + k)] : std::uint8_t{0};
      }
    }
    EXPECT_EQ(matrix.get(), expected) << static_cast<int>(order);
  }
}

TEST(PackWeights, SeesFp8ThatIsNoNumber) {
  for (const std::uint8_t nan : {std::uint8_t{0x7f}, std::uint8_t{0xff}}) {
    std::vector<std::uint8_t> values(std::size_t{16} * kDepth, 0x7e);
    values[5 * kDepth + 95] = nan;
    EXPECT_TRUE(pack_fp8(values, DeviceArray<std::uint8_t>(kMatrixSize)));
  }
}

TEST(TileLayout, HasAPlaceForEachByteAndEachScaleOfFp8) {
  constexpr int kRows = 32;
  constexpr int kColumns = 288;
  std::vector<int> bytes(kRows * kColumns);
  std::vector<int> scales(kRows / 8 * 3);
  for (int row = 0; row < kRows; ++row) {
    for (int k = 0; k < kColumns; ++k) {
      ++bytes.at(static_cast<std::size_t>(fp8_offset(row, k, kColumns)));
      ++scales.at(static_cast<std::size_t>(scale_offset(row, k, kColumns)));
    }
  }
  EXPECT_TRUE(std::ranges::all_of(bytes, [](int times) { return times == 1; }));
  for (std::size_t i = 0; i < scales.size(); ++i) {
    EXPECT_EQ(scales[i], i / 2 % 3 < 2 ? 8 * 128 : 8 * 32) << i;
  }
}

TEST(PackWeights, RefusesWhatItCannotRead) {
  on_stream([&](cudaStream_t stream) {
    StagedRows staged;
    staged.depth = 48;
    EXPECT_EQ(enqueue_pack_weights({stream}, staged), cudaErrorInvalidValue);
    staged.depth = 64;
    EXPECT_EQ(enqueue_pack_weights({stream}, staged), cudaSuccess) << "no rows";
    staged.dtype = DType::fp8;
    EXPECT_EQ(enqueue_pack_weights({stream}, staged), cudaErrorInvalidValue) << "to bf16";
    staged.dtype = DType::other;
    EXPECT_EQ(enqueue_pack_weights({stream}, staged), cudaErrorInvalidValue);
  });
}

}  // namespace
}  // namespace sluice::inference::cuda
