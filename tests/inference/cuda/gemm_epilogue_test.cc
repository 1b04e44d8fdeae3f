// What is done to the sums of a product before they reach memory: each epilogue in each kernel, for
// numbers of tokens with an incomplete fragment.

#include "tests/inference/cuda/device_test.h"
#include "tests/inference/cuda/gemm_problem.h"
#include "tests/inference/cuda/gemm_variants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace sluice::inference::cuda {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class GemmEpilogue : public testing::TestWithParam<cuda_on_host::ThreadOrder> {
 protected:
  void SetUp() override { cuda_on_host::set_thread_order(GetParam()); }
};

std::size_t size_of(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// Equal to the bit; NaNs, what nobody has written, among them.
template <class T>
bool is_same(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// The element (row, k) of what was written in activation_offset() order.
float at(const std::vector<Bf16>& values, int row, int k, int depth) {
  return to_float(values[static_cast<std::size_t>(activation_offset(row, k, depth))]);
}

std::size_t padded_size(int tokens, int depth) {
  return size_of((tokens + kFragmentRows - 1) / kFragmentRows * kFragmentRows, depth);
}

bool is_untouched(const Bf16& value) { return value.bits == 0xffff; }

/// The last fragment's rows that no token has.
void expect_padding_untouched(const std::vector<Bf16>& values, int tokens, int depth) {
  const auto untouched =
      static_cast<std::size_t>(std::count_if(values.begin(), values.end(), is_untouched));
  EXPECT_EQ(untouched, values.size() - size_of(tokens, depth));
}

struct AddedToHidden {
  std::vector<float> hidden;
  std::vector<Bf16> scaled;
  std::vector<float> squares;

  friend bool operator==(const AddedToHidden& a, const AddedToHidden& b) {
    return is_same(a.hidden, b.hidden) && is_same(a.scaled, b.scaled) &&
           is_same(a.squares, b.squares);
  }
};

TEST_P(GemmEpilogue, AddsToTheHiddenState) {
  constexpr int kWidth = 64;
  const Matrix before = random_matrix(69, kWidth, 1);
  const Matrix norm = random_matrix(1, kWidth, 2);
  std::vector<Bf16> norm_bits;
  for (const float weight : norm.values) norm_bits.push_back(to_bf16(weight));
  const DeviceArray<Bf16> norm_weights(norm_bits);
  const GemmProblem problem(random_matrix(69, 96, 3), random_matrix(kWidth, 96, 4), false);
  for (const int tokens : {3, 13, 29, 61, 69}) {
    std::optional<AddedToHidden> first;
    for (const auto& variant : gemm_variants<AddToHidden>()) {
      if (tokens > variant.max_tokens) continue;
      std::vector<float> start = before.values;
      start.resize(size_of(tokens, kWidth));
      const GuardedArray<float> hidden(start);
      const GuardedArray<Bf16> scaled(padded_size(tokens, kWidth));
      const GuardedArray<float> squares(size_of(tokens, kWidth / 16));
      variant.run(problem.first(tokens),
                  {hidden.data(), norm_weights.data(), scaled.data(), squares.data()});
      const AddedToHidden result{hidden.get(), scaled.get(), squares.get()};
      if (!first) first = result;
      EXPECT_EQ(result, *first) << variant.name << ", " << tokens << " tokens";
    }
    expect_padding_untouched(first->scaled, tokens, kWidth);
    for (int token = 0; token < tokens; ++token) {
      double sum = 0;
      for (int row = 0; row < kWidth; ++row) {
        const float hidden = first->hidden[size_of(token, kWidth) + static_cast<std::size_t>(row)];
        ASSERT_NEAR(hidden, problem.product(token, row) + before.at(token, row),
                    problem.tolerance());
        ASSERT_EQ(at(first->scaled, token, row, kWidth),
                  to_float(to_bf16(hidden * norm.at(0, row))));
        sum += double{hidden} * hidden;
        if (row % 16 != 15) continue;
        const auto part = size_of(token, kWidth / 16) + static_cast<std::size_t>(row / 16);
        ASSERT_FLOAT_EQ(first->squares[part], static_cast<float>(sum));
        sum = 0;
      }
    }
  }
}

TEST_P(GemmEpilogue, SwiGluMultipliesTheHalves) {
  constexpr int kIntermediate = 64;
  constexpr int kDepth = 64;
  const Matrix gate = random_matrix(kIntermediate, kDepth, 1);
  const Matrix up = random_matrix(kIntermediate, kDepth, 2);
  Matrix both = random_matrix(2 * kIntermediate, kDepth, 3);
  for (int j = 0; j < kIntermediate; ++j) {
    for (int k = 0; k < kDepth; ++k) {
      both.at(static_cast<int>(gate_row(j)), k) = gate.at(j, k);
      both.at(static_cast<int>(up_row(j)), k) = up.at(j, k);
    }
  }
  const GemmProblem problem(random_matrix(69, kDepth, 4), both, true);
  for (const int tokens : {3, 13, 29, 61, 69}) {
    std::optional<std::vector<Bf16>> first;
    for (const auto& variant : gemm_variants<SwiGlu>()) {
      if (tokens > variant.max_tokens) continue;
      const GuardedArray<Bf16> out(padded_size(tokens, kIntermediate));
      variant.run(problem.first(tokens), {out.data()});
      const auto result = out.get();
      if (!first) first = result;
      EXPECT_TRUE(is_same(result, *first)) << variant.name << ", " << tokens << " tokens";
    }
    expect_padding_untouched(*first, tokens, kIntermediate);
    for (int token = 0; token < tokens; ++token) {
      for (int j = 0; j < kIntermediate; ++j) {
        const double g = problem.product(token, static_cast<int>(gate_row(j)));
        const double u = problem.product(token, static_cast<int>(up_row(j)));
        const double expected = g / (1 + std::exp(-g)) * u;
        ASSERT_NEAR(at(*first, token, j, kIntermediate), expected, std::abs(expected) / 256 + 1e-4)
            << "token " << token << ", " << j;
      }
    }
  }
}

#ifndef __CUDACC__  // A function of the device.
TEST(GemmSilu, HoldsWhereItIsLarge) {
  EXPECT_FLOAT_EQ(silu(1), 0.731058579F);
  EXPECT_EQ(silu(0), 0);
  EXPECT_EQ(silu(200), 200);
  EXPECT_EQ(silu(-200), 0);
}
#endif

/// Logits and what is said of their groups, with everything that may be told.
class LogitsProblem {
 public:
  LogitsProblem(int num_rows, int num_used, int stride, bool has_mask)
      : num_rows_(num_rows),
        num_used_(num_used),
        stride_(stride),
        weights_(random_matrix(num_rows, 64, 6)) {
    for (int k = 0; k < 64; ++k) {  // Equals: 20 and 21 in two lanes, 34 and 38 in two of a lane.
      weights_.at(21, k) = weights_.at(20, k);
      weights_.at(38, k) = weights_.at(34, k);
    }
    std::mt19937 random(7);
    mask_.resize(size_of(69, mask_words()));
    for (auto& word : mask_) word = static_cast<std::uint32_t>(random() | random());
    mask_[0] = 0xffff0000;  // Of token 0 the group 0 has none.
    problem_.emplace(random_matrix(69, 64, 5), weights_, true);
    if (has_mask) device_mask_.emplace(mask_);
  }

  void run(int tokens) const {
    std::optional<std::vector<float>> first;
    for (const auto& variant : gemm_variants<StoreLogits>()) {
      if (tokens > variant.max_tokens) continue;
      const GuardedArray<float> logits(size_of(tokens, stride_));
      const GuardedArray<float> best_logits(size_of(tokens, num_groups()));
      const GuardedArray<int> best_rows(size_of(tokens, num_groups()));
      variant.run(problem_->first(tokens),
                  {logits.data(), stride_, num_used_, device_mask_ ? device_mask_->data() : nullptr,
                   best_logits.data(), best_rows.data()});
      const auto result = logits.get();
      if (!first) expect_logits(result, tokens);
      if (!first) first = result;
      EXPECT_TRUE(is_same(result, *first)) << variant.name << ", " << tokens << " tokens";
      expect_bests(result, best_logits.get(), best_rows.get());
    }
  }

 private:
  [[nodiscard]] int mask_words() const { return (num_rows_ + 31) / 32; }
  [[nodiscard]] int num_groups() const { return (num_rows_ + kLogitGroup - 1) / kLogitGroup; }

  [[nodiscard]] bool may_come(int token, int row) const {
    if (row >= num_used_) return false;
    const auto word = size_of(token, mask_words()) + static_cast<std::size_t>(row / 32);
    return !device_mask_ || (mask_[word] >> (row % 32) & 1) != 0;
  }

  void expect_logits(const std::vector<float>& logits, int tokens) const {
    const int written = std::min(stride_, num_groups() * kLogitGroup);
    for (int token = 0; token < tokens; ++token) {
      for (int row = 0; row < written; ++row) {
        const float logit = logits[size_of(token, stride_) + static_cast<std::size_t>(row)];
        if (may_come(token, row)) {
          ASSERT_NEAR(logit, problem_->product(token, row), problem_->tolerance());
        } else {
          ASSERT_EQ(logit, -kInfinity) << token << ", " << row;
        }
      }
    }
  }

  /// Each group's best is the first largest of what was written.
  void expect_bests(const std::vector<float>& logits, const std::vector<float>& best_logits,
                    const std::vector<int>& best_rows) const {
    for (std::size_t i = 0; i < best_rows.size(); ++i) {
      const int token = static_cast<int>(i) / num_groups();
      const int begin = static_cast<int>(i) % num_groups() * kLogitGroup;
      const int end = std::min(begin + kLogitGroup, num_rows_);
      const auto all = logits.begin() + std::ptrdiff_t{token} * stride_;
      const auto best = std::max_element(all + begin, all + end);  // Of equals the first.
      ASSERT_EQ(best_logits[i], *best) << token << ", from " << begin;
      ASSERT_EQ(best_rows[i], best - all) << token << ", from " << begin;
    }
  }

  int num_rows_;
  int num_used_;
  int stride_;
  Matrix weights_;
  std::vector<std::uint32_t> mask_;
  std::optional<GemmProblem> problem_;
  std::optional<DeviceArray<std::uint32_t>> device_mask_;
};

TEST_P(GemmEpilogue, LogitsAndTheBestOfEachGroup) {
  const LogitsProblem plain(48, 48, 48, false);
  const LogitsProblem masked(48, 48, 48, true);
  const LogitsProblem padded_vocabulary(80, 53, 80, true);
  const LogitsProblem odd_vocabulary(40, 40, 40, true);
  const LogitsProblem padded_rows(40, 39, 48, false);
  const LogitsProblem wide_rows(40, 40, 64, true);
  for (const LogitsProblem* problem :
       {&plain, &masked, &padded_vocabulary, &odd_vocabulary, &padded_rows, &wide_rows}) {
    for (const int tokens : {5, 61, 69}) problem->run(tokens);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, GemmEpilogue, testing::ValuesIn(kThreadOrders));

}  // namespace
}  // namespace sluice::inference::cuda
