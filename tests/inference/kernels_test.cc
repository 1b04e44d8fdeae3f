// Each kernel of each instruction set against the same sum in double, for sizes that are multiples
// of a vector and sizes that are not; and that a product does not depend on what is computed with
// it.

#include "tests/inference/test_model.h"

#include "inference/bf16.h"
#include "inference/buffer.h"
#include "inference/int8_matrix.h"
#include "inference/kernels.h"
#include "inference/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

namespace sluice::inference {
namespace {

/// The kernels of this processor, those of AVX-512 without its extensions among them.
std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> all;
  for (const Isa isa : isas()) all.push_back(kernels_for(isa).value());
  if (best_isa() == Isa::avx512) all.push_back(&avx512_kernels(false, false));
  return all;
}

std::vector<float> random_floats(std::mt19937& random, std::int64_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) value = normal(random);
  return values;
}

/// A matrix in one of the three formats, and what its weights really are.
struct Matrix {
  Buffer data;
  MatrixView view;
  std::vector<float> weights;
};

Matrix make_matrix(std::mt19937& random, WeightFormat format, std::int64_t rows,
                   std::int64_t columns) {
  Matrix matrix;
  matrix.weights = random_floats(random, rows * columns);
  matrix.data =
      Buffer::make(2 * int8_matrix_bytes(rows, columns) + rows * columns * 4, "test").value();
  matrix.view = {matrix.data.data(), rows, columns};
  for (std::size_t i = 0; i < matrix.weights.size() && format != WeightFormat::int8; ++i) {
    const std::uint16_t bits = to_bf16(matrix.weights[i]);
    if (format == WeightFormat::bf16) {
      matrix.weights[i] = from_bf16(bits);
      std::memcpy(matrix.data.data() + i * 2, &bits, 2);
    } else {
      matrix.data.floats()[i] = matrix.weights[i];
    }
  }
  for (std::int64_t row = 0; row < rows && format == WeightFormat::int8; row += kInt8PanelRows) {
    quantize_panel(matrix.weights.data() + row * columns, std::min(kInt8PanelRows, rows - row),
                   columns, row / kInt8PanelRows, matrix.data.data());
  }
  return matrix;
}

const MatrixKernels& matrix_kernels(const Kernels& kernels, WeightFormat format) {
  return format == WeightFormat::int8   ? kernels.int8
         : format == WeightFormat::bf16 ? kernels.bf16
                                        : kernels.f32;
}

/// All products of a matrix with `num` rows, packed and multiplied `at_once` rows at a time, the
/// matrix in pieces of `piece` rows.
std::vector<float> multiply(const MatrixKernels& kernels, const MatrixView& matrix,
                            const std::vector<float>& x, std::int64_t num, std::int64_t at_once,
                            std::int64_t piece) {
  const std::int64_t stride = kernels.packed_bytes(matrix.columns);
  const Buffer packed = Buffer::make(num * stride, "test").value();
  for (std::int64_t i = 0; i < num; ++i) {
    kernels.pack(x.data() + i * matrix.columns, matrix.columns, packed.data() + i * stride);
  }
  std::vector<float> out(static_cast<std::size_t>(num * matrix.rows), 1.0F);
  for (std::int64_t i = 0; i < num; i += at_once) {
    for (std::int64_t row = 0; row < matrix.rows; row += piece) {
      kernels.multiply(matrix, row, std::min(row + piece, matrix.rows), packed.data() + i * stride,
                       std::min(at_once, num - i),
                       {out.data() + i * matrix.rows, matrix.rows, true});
    }
  }
  return out;
}

TEST(Kernels, ProductsAreRightAndDoNotDependOnTheirCompany) {
  std::mt19937 random(1);
  for (const Kernels* kernels : all_kernels()) {
    for (const WeightFormat format : kFormats) {
      for (const auto& [rows, columns] :
           {std::pair{64, 128}, {37, 90}, {16, 1}, {1, 33}, {50, 260}}) {
        const Matrix matrix = make_matrix(random, format, rows, columns);
        const auto x = random_floats(random, 13 * columns);
        const MatrixKernels& products = matrix_kernels(*kernels, format);
        const auto all = multiply(products, matrix.view, x, 13, 13, rows);
        EXPECT_EQ(all, multiply(products, matrix.view, x, 13, 1, 16)) << kernels->name;
        EXPECT_EQ(all, multiply(products, matrix.view, x, 13, 4, 32)) << kernels->name;
        const double tolerance = format == WeightFormat::f32    ? 1e-6
                                 : format == WeightFormat::bf16 ? 5e-3
                                                                : 1e-2;
        for (std::int64_t i = 0; i < 13 * rows; ++i) {
          double expected = 1;  // What was there before.
          for (std::int64_t k = 0; k < columns; ++k) {
            const auto r = static_cast<std::size_t>(i % rows * columns + k);
            expected += static_cast<double>(matrix.weights[r]) *
                        x[static_cast<std::size_t>(i / rows * columns + k)];
          }
          const double size = 5 * std::sqrt(static_cast<double>(columns));
          EXPECT_NEAR(all[static_cast<std::size_t>(i)], expected, tolerance * size)
              << kernels->name << " " << static_cast<int>(format) << " " << columns;
        }
      }
    }
  }
}

TEST(Kernels, Int8IsTheSameWhateverSumsIt) {
  std::mt19937 random(2);
  const Matrix matrix = make_matrix(random, WeightFormat::int8, 40, 200);
  const auto x = random_floats(random, 5 * 200);
  const auto expected = multiply(scalar_kernels().int8, matrix.view, x, 5, 5, 48);
  for (const Kernels* kernels : all_kernels()) {
    const auto got = multiply(kernels->int8, matrix.view, x, 5, 5, 48);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], expected[i], 1e-4) << kernels->name;  // The sums of groups are exact.
    }
  }
}

TEST(Kernels, RowsAreRight) {
  std::mt19937 random(3);
  for (const Kernels* kernels : all_kernels()) {
    for (const std::int64_t n : {1, 7, 16, 31, 100}) {
      const auto x = random_floats(random, n);
      const auto y = random_floats(random, n);
      double squares = 0;
      for (const float value : x) squares += static_cast<double>(value) * value;
      std::vector<float> normed(x.size());
      kernels->rms_norm(x.data(), y.data(), n, 1e-3F, normed.data());
      std::vector<float> gated = x;
      kernels->swiglu(gated.data(), y.data(), n);
      std::vector<float> soft = x;
      kernels->softmax(soft.data(), n);
      double sum = 0;
      for (const float value : x) sum += std::exp(static_cast<double>(value));
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double factor = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-3);
        EXPECT_NEAR(normed[i], x[i] * factor * y[i], 3e-6) << kernels->name;
        EXPECT_NEAR(gated[i], x[i] / (1 + std::exp(-static_cast<double>(x[i]))) * y[i], 3e-6);
        EXPECT_NEAR(soft[i], std::exp(static_cast<double>(x[i])) / sum, 1e-6);
      }
    }
  }
}

TEST(Kernels, ExtremesStayFinite) {
  for (const Kernels* kernels : all_kernels()) {
    std::vector<float> gate(20, -1e30F);
    std::vector<float> up(20, 2.0F);
    gate[3] = 1e30F;
    gate[18] = -200;
    kernels->swiglu(gate.data(), up.data(), 20);
    EXPECT_EQ(gate[3], 2e30F) << kernels->name;
    EXPECT_NEAR(gate[18], 0, 1e-30) << kernels->name;
    std::vector<float> scores(40, -1e30F);
    scores[33] = 1e30F;
    kernels->softmax(scores.data(), 40);
    EXPECT_EQ(scores[33], 1) << kernels->name;
    EXPECT_NEAR(scores[0], 0, 1e-30) << kernels->name;
    scores[5] =
        std::numeric_limits<float>::quiet_NaN();  // A broken model is not made to look well.
    kernels->swiglu(scores.data(), up.data(), 20);
    EXPECT_TRUE(std::isnan(scores[5])) << kernels->name;
  }
}

TEST(Kernels, AttentionIsRight) {
  std::mt19937 random(4);
  constexpr std::int64_t kBlocks = 6;
  for (const Kernels* kernels : all_kernels()) {
    for (const std::int64_t dim : {128, 20, 36}) {
      const auto cache = random_floats(random, 2 * kBlocks * dim * kKvBlockTokens);
      const auto q = random_floats(random, 7 * dim);
      std::vector<const void*> keys;
      std::vector<const void*> values;
      for (std::int64_t b = 0; b < kBlocks; ++b) {
        keys.push_back(cache.data() + b * dim * kKvBlockTokens);
        values.push_back(cache.data() + (kBlocks + b) * dim * kKvBlockTokens);
      }
      std::vector<float> scores(7 * 100);
      const Queries queries = {q.data(), 7, dim};
      kernels->attention_f32.scores(queries, keys.data(), kBlocks, 0.5F, scores.data(), 100);
      std::vector<float> out(static_cast<std::size_t>(7 * dim));
      kernels->attention_f32.values(scores.data(), 100, values.data(), 3, 90, queries, out.data());
      for (std::int64_t i = 0; i < 7; ++i) {
        std::vector<double> expected(static_cast<std::size_t>(dim));
        for (std::int64_t p = 0; p < 96; ++p) {
          double score = 0;
          const auto* key = static_cast<const float*>(keys[static_cast<std::size_t>(p / 16)]);
          for (std::int64_t d = 0; d < dim; ++d) {
            score += 0.5 * q[static_cast<std::size_t>(i * dim + d)] * key[d * 16 + p % 16];
          }
          EXPECT_NEAR(scores[static_cast<std::size_t>(i * 100 + p)], score, 1e-4) << kernels->name;
          const auto* value = static_cast<const float*>(values[static_cast<std::size_t>(p / 16)]);
          for (std::int64_t d = 0; d < dim && p >= 3 && p < 90; ++d) {
            expected[static_cast<std::size_t>(d)] += score * value[p % 16 * dim + d];
          }
        }
        for (std::int64_t d = 0; d < dim; ++d) {
          EXPECT_NEAR(out[static_cast<std::size_t>(i * dim + d)],
                      expected[static_cast<std::size_t>(d)], 2e-3)
              << kernels->name;
        }
      }
    }
  }
}

TEST(Kernels, AnInstructionSetThatIsNotThereIsRefused) {
  EXPECT_EQ(kernels_for(std::nullopt).value(), kernels_for(best_isa()).value());
  if (best_isa() == Isa::avx512) GTEST_SKIP() << "this processor has them all";
  EXPECT_EQ(kernels_for(Isa::avx512).error().code, Errc::invalid_argument);
}

TEST(Bf16, RoundsToNearestEvenAndKeepsNaN) {
  EXPECT_EQ(to_bf16(1.0F), 0x3f80);
  EXPECT_EQ(to_bf16(1.00390625F), 0x3f80);  // Halfway, down to even.
  EXPECT_EQ(to_bf16(1.01171875F), 0x3f82);  // Halfway, up to even.
  EXPECT_EQ(to_bf16(3.4e38F), 0x7f80);      // Infinity.
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(F16, IsExact) {
  EXPECT_EQ(from_f16(0x3c00), 1.0F);
  EXPECT_EQ(from_f16(0xc000), -2.0F);
  EXPECT_EQ(from_f16(0x7bff), 65504.0F);
  EXPECT_EQ(from_f16(0x0001), 0x1p-24F);
  EXPECT_EQ(from_f16(0x83ff), -1023 * 0x1p-24F);
  EXPECT_EQ(from_f16(0x7c00), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(from_f16(0x7e00)));
}

TEST(ThreadPool, EveryThreadRunsOnceARound) {
  for (const int size : {1, 2, 4}) {
    ThreadPool pool(size);
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(size));
    for (int round = 0; round < 300; ++round) {
      pool.run([&](int thread) { ++calls[static_cast<std::size_t>(thread)]; });
    }
    for (const auto& count : calls) EXPECT_EQ(count, 300);
  }
}

TEST(ThreadPool, SharesCoverEverythingOnce) {
  for (const std::int64_t n : {0, 1, 15, 16, 17, 100, 151936}) {
    std::int64_t at = 0;
    for (int thread = 0; thread < 3; ++thread) {
      const Share share = share_of(n, 16, thread, 3);
      EXPECT_EQ(share.first, at);
      EXPECT_TRUE(share.first % 16 == 0 || share.first == n);
      at = share.last;
    }
    EXPECT_EQ(at, n);
  }
}

}  // namespace
}  // namespace sluice::inference
