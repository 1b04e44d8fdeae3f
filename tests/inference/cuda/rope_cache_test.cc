// The kernel between the QKV product and attention, against the processor's norm and rotation.

#include "inference/cuda/rope_cache.cuh"

#include "inference/kernels.h"
#include "inference/rope.h"
#include "tests/inference/cuda/device_array.h"
#include "tests/inference/cuda/device_test.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::inference::cuda {
namespace {

constexpr float kEps = 1e-6F;
constexpr int kPositions = 300;
constexpr int kHeads = 10;
constexpr int kKvHeads = 2;
constexpr int kAllHeads = kHeads + 2 * kKvHeads;
constexpr int kBlocks = 24;
constexpr std::uint16_t kUntouched = 0xabcd;

std::vector<float> numbers(int count, float low, float high, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = distribution(random);
  return values;
}

class RopeCache : public testing::TestWithParam<std::tuple<cuda_on_host::ThreadOrder, int>> {
 protected:
  void SetUp() override {
    cuda_on_host::set_thread_order(std::get<0>(GetParam()));
    ModelConfig config;
    config.head_dim = head_dim_;
    config.rope_theta = 1e6;
    const Rope rope(config);
    cos_.resize(index(kPositions * head_dim_ / 2));
    sin_.resize(cos_.size());
    for (int i = 0; i < kPositions; ++i) {
      rope.angles(i, cos_.data() + i * head_dim_ / 2, sin_.data() + i * head_dim_ / 2);
    }
    qkv_ = numbers(static_cast<int>(rows_.size()) * kAllHeads * head_dim_, -3, 3, 1);
    queries_.assign(rows_.size() * index(kHeads * head_dim_), {kUntouched});
    cache_.assign(index(kBlocks * kKvHeads * page_size(head_dim_)), {kUntouched});
  }

  static std::size_t index(std::int64_t value) { return static_cast<std::size_t>(value); }

  void run() {
    const DeviceArray<float> qkv(qkv_);
    const DeviceArray<DeviceRow> rows(rows_);
    const DeviceArray<DevicePart> parts(parts_);
    const DeviceArray<int> blocks(blocks_);
    const DeviceArray<float> q_norm(q_norm_);
    const DeviceArray<float> k_norm(k_norm_);
    const DeviceArray<float> cos(cos_);
    const DeviceArray<float> sin(sin_);
    const DeviceArray<Bf16> queries(queries_);
    const DeviceArray<Bf16> cache(cache_);
    RopeCacheArgs args = {qkv.data(),    rows.data(), parts.data(), blocks.data(),  q_norm.data(),
                          k_norm.data(), cos.data(),  sin.data(),   queries.data(), cache.data()};
    args.eps = kEps;
    args.num_rows = static_cast<int>(rows_.size());
    args.num_heads = kHeads;
    args.num_kv_heads = kKvHeads;
    args.head_dim = head_dim_;
    on_stream([&](cudaStream_t stream) {
      EXPECT_EQ(enqueue_rope_and_cache({stream}, args), cudaSuccess);
    });
    queries_ = queries.get();
    cache_ = cache.get();
  }

  /// A head of a row as the processor has it.
  std::vector<float> expected(std::size_t row, int head) const {
    const float* from = qkv_.data() + (row * kAllHeads + index(head)) * index(head_dim_);
    std::vector<float> values(from, from + head_dim_);
    if (head >= kHeads + kKvHeads) return values;
    const std::int64_t angles = std::int64_t{rows_[row].position} * head_dim_ / 2;
    const auto& weight = head < kHeads ? q_norm_ : k_norm_;
    scalar_kernels().rms_norm(from, weight.data(), head_dim_, kEps, values.data());
    scalar_kernels().rotate(values.data(), cos_.data() + angles, sin_.data() + angles,
                            head_dim_ / 2);
    return values;
  }

  /// Takes what is there away, so that at the end all that is left was never written.
  static void expect_taken(Bf16& at, float value) {
    EXPECT_NEAR(to_float(at), value, std::abs(value) * 0x1p-8F + 1e-6F);
    at = {kUntouched};
  }

  Bf16& page_element(const DeviceRow& row, int kv_head, int offset) {
    const int block =
        blocks_[index(parts_[index(row.part)].first_block + row.position / kPageKeys)];
    return cache_[index(page_index(block, kv_head, kKvHeads) * page_size(head_dim_) + offset)];
  }

  const int head_dim_ = std::get<1>(GetParam());
  // Position 299 is in the 19th block of part 1; rows 2 and 6 stand for nothing.
  std::vector<DeviceRow> rows_ = {{0, -1, 0, 0},  {0, -1, 1, 0},  {0, -1, -1, 0}, {0, -1, 299, 1},
                                  {0, -1, 31, 2}, {0, -1, 32, 2}, {0, -1, -1, 7}};
  std::vector<DevicePart> parts_ = {{0, 2, 0, 0}, {3, 1, 299, 1}, {4, 2, 31, 20}};
  std::vector<int> blocks_ = {17, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
                              11, 12, 13, 14, 15, 16, 18, 23, 22, 19, 21};
  std::vector<float> q_norm_ = numbers(128, 0.5F, 1.5F, 2);
  std::vector<float> k_norm_ = numbers(128, 0.5F, 1.5F, 3);
  std::vector<float> cos_;
  std::vector<float> sin_;
  std::vector<float> qkv_;
  std::vector<Bf16> queries_;
  std::vector<Bf16> cache_;
};

TEST_P(RopeCache, NormsTurnsAndStoresEachHeadOfEachRow) {
  run();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].position < 0) continue;
    for (int head = 0; head < kAllHeads; ++head) {
      SCOPED_TRACE(testing::Message() << "row " << i << " head " << head);
      const auto values = expected(i, head);
      for (int d = 0; d < head_dim_; ++d) {
        const float value = values[index(d)];
        if (head < kHeads) {
          expect_taken(queries_[(i * kHeads + index(head)) * index(head_dim_) + index(d)], value);
          continue;
        }
        const int slot = rows_[i].position % kPageKeys;
        const int offset = head < kHeads + kKvHeads ? key_offset(slot, d, head_dim_)
                                                    : value_offset(slot, d, head_dim_);
        expect_taken(page_element(rows_[i], (head - kHeads) % kKvHeads, offset), value);
      }
    }
  }
  for (const auto* memory : {&queries_, &cache_}) {
    for (const Bf16 value : *memory) ASSERT_EQ(value.bits, kUntouched) << "written by nobody";
  }
}

TEST_P(RopeCache, HasTheSameBitsInAnyBatch) {
  run();
  const auto together = cache_;
  const auto queries = queries_;
  cache_.assign(cache_.size(), {kUntouched});
  const auto rows = rows_;
  const auto qkv = qkv_;
  const auto width = index(kAllHeads * head_dim_);
  const auto query_width = index(kHeads * head_dim_);
  const auto bits = [](const Bf16& a, const Bf16& b) { return a.bits == b.bits; };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows_ = {rows[i]};
    qkv_.assign(qkv.begin() + static_cast<std::ptrdiff_t>(i * width),
                qkv.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
    queries_.assign(query_width, {kUntouched});
    run();
    EXPECT_TRUE(std::equal(queries_.begin(), queries_.end(),
                           queries.begin() + static_cast<std::ptrdiff_t>(i * query_width), bits));
  }
  EXPECT_TRUE(std::equal(cache_.begin(), cache_.end(), together.begin(), bits));
}

INSTANTIATE_TEST_SUITE_P(Orders, RopeCache,
                         testing::Combine(testing::ValuesIn(kThreadOrders),
                                          testing::Values(64, 128)));

TEST(RopeCacheLaunch, RefusesWhatItHasNoKernelFor) {
  on_stream([](cudaStream_t stream) {
    RopeCacheArgs args;
    args.num_rows = 1;
    args.num_heads = 4;
    args.num_kv_heads = 2;
    args.head_dim = 96;
    EXPECT_EQ(enqueue_rope_and_cache({stream}, args), cudaErrorInvalidValue);
  });
}

}  // namespace
}  // namespace sluice::inference::cuda
