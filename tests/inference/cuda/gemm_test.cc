// The sums of matrix products: against sums in double, and, to the bit, of one kernel against those
// of every other, whatever else is in the batch.

#include "tests/inference/cuda/device_test.h"
#include "tests/inference/cuda/gemm_problem.h"
#include "tests/inference/cuda/gemm_variants.h"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>

namespace sluice::inference::cuda {
namespace {

class Gemm : public testing::TestWithParam<cuda_on_host::ThreadOrder> {
 protected:
  void SetUp() override { cuda_on_host::set_thread_order(GetParam()); }
};

using Variant = GemmVariant<StoreFloats>;

std::vector<unsigned> row_of(const std::vector<unsigned>& bits, int row, int num_rows) {
  const auto first = bits.begin() + std::ptrdiff_t{row} * num_rows;
  return {first, first + num_rows};
}

struct Size {
  int tokens;
  int rows;
  int depth;
};

TEST_P(Gemm, IsTheProduct) {
  // Depths of fewer k-tiles than there are segments, of as many, of odd numbers of them; edges in
  // all directions.
  const std::vector<Size> sizes = {{1, 16, 64},  {5, 40, 32},   {8, 160, 96},   {13, 64, 288},
                                   {33, 80, 96}, {64, 48, 256}, {65, 144, 160}, {140, 40, 288}};
  for (const Size& size : sizes) {
    const GemmProblem problem(random_matrix(size.tokens, size.depth, 1),
                              random_matrix(size.rows, size.depth, 2), size.tokens % 2 == 1);
    for (const Variant& variant : gemm_variants<StoreFloats>()) {
      if (size.tokens > variant.max_tokens) continue;
      const auto bits = bits_of(variant, problem.all());
      for (int token = 0; token < size.tokens; ++token) {
        for (int row = 0; row < size.rows; ++row) {
          const auto at = static_cast<std::size_t>(token * size.rows + row);
          ASSERT_NEAR(std::bit_cast<float>(bits[at]), problem.product(token, row),
                      problem.tolerance())
              << variant.name << ": token " << token << " of " << size.tokens << ", row " << row
              << " of " << size.rows << ", depth " << size.depth;
        }
      }
    }
  }
}

TEST_P(Gemm, BitsDependNeitherOnTheKernelNorOnTheBatch) {
  for (const int depth : {32, 96, 288}) {
    const int num_rows = 40;
    const GemmProblem problem(random_matrix(129, depth, 3), random_matrix(num_rows, depth, 4),
                              true);
    const auto variants = gemm_variants<StoreFloats>();
    const auto expected = bits_of(variants[0], problem.all());
    for (const Variant& variant : variants) {
      for (const int tokens : {1, 6, 15, 64, 70}) {
        if (tokens > variant.max_tokens) continue;
        const auto bits = bits_of(variant, problem.first(tokens));
        ASSERT_TRUE(std::equal(bits.begin(), bits.end(), expected.begin()))
            << variant.name << ", " << tokens << " tokens, depth " << depth;
      }
    }
  }
}

TEST_P(Gemm, RowsOfXAreTakenAsTold) {
  const int num_rows = 48;
  const GemmProblem problem(random_matrix(100, 96, 5), random_matrix(num_rows, 96, 6), true);
  const auto expected = bits_of(gemm_variants<StoreFloats>()[0], problem.all());
  std::vector<int> numbers(70);
  for (int i = 0; i < 70; ++i) numbers[static_cast<std::size_t>(i)] = (i * 37 + 99) % 100;
  numbers[5] = numbers[4];
  for (const Variant& variant : gemm_variants<StoreFloats>()) {
    const int tokens = std::min(variant.max_tokens, 70) - 1;
    const DeviceArray<int> rows(std::vector<int>(numbers.begin(), numbers.begin() + tokens));
    const auto bits = bits_of(variant, problem.of(rows));
    for (int token = 0; token < tokens; ++token) {
      ASSERT_EQ(row_of(bits, token, num_rows),
                row_of(expected, numbers[static_cast<std::size_t>(token)], num_rows))
          << variant.name << ", token " << token;
    }
  }
}

TEST_P(Gemm, ATokenWithoutNumbersLeavesTheOthersAlone) {
  const int num_rows = 32;
  Matrix x = random_matrix(70, 64, 7);
  const Matrix weights = random_matrix(num_rows, 64, 8);
  const GemmProblem sane(x, weights, false);
  for (int k = 0; k < x.depth; ++k) x.at(2, k) = x.at(69, k) = NAN;
  const GemmProblem problem(x, weights, false);
  const auto expected = bits_of(gemm_variants<StoreFloats>()[0], sane.all());
  for (const Variant& variant : gemm_variants<StoreFloats>()) {
    const int tokens = std::min(variant.max_tokens, 70);
    const auto bits = bits_of(variant, problem.first(tokens));
    for (int token = 0; token < tokens; ++token) {
      if (token == 2 || token == 69) continue;
      ASSERT_EQ(row_of(bits, token, num_rows), row_of(expected, token, num_rows))
          << variant.name << ", token " << token;
    }
  }
}

__global__ void store_row_factor(const float* squares, int num_parts, float epsilon, float* out) {
  out[threadIdx.x] = row_factor(squares, num_parts, epsilon);
}

TEST_P(Gemm, RowFactorIsThatOfRmsNorm) {
  for (const int num_parts : {2, 31, 33, 64, 100}) {
    std::vector<float> squares(static_cast<std::size_t>(num_parts));
    std::iota(squares.begin(), squares.end(), 1.F);
    const DeviceArray<float> in(squares);
    const GuardedArray<float> out(32);
    on_stream([&](cudaStream_t stream) {
      launch({stream}, {1, 32}, store_row_factor, in.data(), num_parts, 0.5F, out.data());
    });
    const double mean = std::accumulate(squares.begin(), squares.end(), 0.) / (16. * num_parts);
    for (const float factor : out.get()) {
      EXPECT_FLOAT_EQ(factor, static_cast<float>(1 / std::sqrt(mean + 0.5))) << num_parts;
    }
  }
}

TEST(GemmSizes, AreRefusedWhereTheLayoutsHaveThemNot) {
  const GemmProblem problem(random_matrix(4, 64, 1), random_matrix(48, 64, 2), false);
  on_stream([&](cudaStream_t stream) {
    GemmOperands operands = problem.all();
    operands.depth = 48;
    EXPECT_EQ(enqueue_gemm({stream}, operands, StoreFloats{}), cudaErrorInvalidValue);
    operands = problem.all();
    EXPECT_EQ(enqueue_gemm({stream}, operands, AddToHidden{}), cudaErrorInvalidValue);
    EXPECT_EQ(enqueue_gemm({stream}, operands, SwiGlu{}), cudaErrorInvalidValue);
    StoreLogits logits{};
    logits.stride = 47;
    EXPECT_EQ(enqueue_gemm({stream}, operands, logits), cudaErrorInvalidValue);
    logits.stride = 48;
    logits.num_used = 49;
    EXPECT_EQ(enqueue_gemm({stream}, operands, logits), cudaErrorInvalidValue);
    EXPECT_EQ(enqueue_gemm({stream}, problem.first(0), StoreFloats{}), cudaSuccess);
  });
  EXPECT_EQ(prepare_gemm(), cudaSuccess);
}

INSTANTIATE_TEST_SUITE_P(Orders, Gemm, testing::ValuesIn(kThreadOrders));

}  // namespace
}  // namespace sluice::inference::cuda
