// Attention against its definition, and against itself: a row's bits are the same in whichever
// kernel, batch and chunk it is computed.

#include "tests/inference/cuda/attention_fixtures.h"
#include "tests/inference/cuda/device_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>
#include <vector>

namespace sluice::inference::cuda {
namespace {

/// By the definition, in double, of one query head; `magnitude`: the same of |values|.
void reference(const AttentionShape& shape, int generation, int position, int head,
               std::vector<double>& out, std::vector<double>& magnitude) {
  const int kv_head = head / shape.group();
  std::vector<double> weights;
  double sum = 0;
  for (int key = 0; key <= position; ++key) {
    double score = 0;
    for (int d = 0; d < shape.head_dim; ++d) {
      score += double{element(Operand::query, generation, position, head, d)} *
               double{element(Operand::key, generation, key, kv_head, d)};
    }
    weights.push_back(std::exp(score / std::sqrt(shape.head_dim)));
    sum += weights.back();
  }
  out.assign(static_cast<std::size_t>(shape.head_dim), 0);
  magnitude = out;
  for (int key = 0; key <= position; ++key) {
    for (int d = 0; d < shape.head_dim; ++d) {
      const double value = element(Operand::value, generation, key, kv_head, d);
      const double weight = weights[static_cast<std::size_t>(key)] / sum;
      out[static_cast<std::size_t>(d)] += weight * value;
      magnitude[static_cast<std::size_t>(d)] += weight * std::abs(value);
    }
  }
}

/// Rounded to bf16 are the weights and the output, by 2^-8 at most; the rest is fp32.
void expect_reference(const AttentionShape& shape, const Outputs& outputs) {
  const auto head_dim = static_cast<std::size_t>(shape.head_dim);
  std::vector<double> expected;
  std::vector<double> magnitude;
  double errors = 0;
  double squares = 0;
  for (const auto& [at, bits] : outputs) {
    for (int head = 0; head < shape.num_heads; ++head) {
      reference(shape, at.first, at.second, head, expected, magnitude);
      for (std::size_t d = 0; d < head_dim; ++d) {
        const double got = from_bf16(bits[static_cast<std::size_t>(head) * head_dim + d]);
        const double bound = 0x1p-8 * (std::abs(expected[d]) + magnitude[d]) + 1e-5;
        ASSERT_NEAR(got, expected[d], bound) << "generation " << at.first << " position "
                                             << at.second << " head " << head << " d " << d;
        errors += (got - expected[d]) * (got - expected[d]);
        squares += expected[d] * expected[d];
      }
    }
  }
  EXPECT_LT(std::sqrt(errors / squares), 2e-3) << "what bf16 costs is 1.8e-3";
}

Outputs attend(const AttentionShape& shape, const std::vector<Chunk>& chunks,
               const AttentionOptions& options = {}) {
  return AttentionStep(shape, chunks, options).run();
}

AttentionOptions prefill_only() {
  AttentionOptions options;
  options.max_decode_tiles = 0;
  return options;
}

AttentionOptions decode_only() {
  AttentionOptions options;
  options.max_decode_tiles = 1000;
  return options;
}

class Attention : public testing::TestWithParam<std::tuple<cuda_on_host::ThreadOrder, int>> {
 protected:
  void SetUp() override { cuda_on_host::set_thread_order(std::get<0>(GetParam())); }
  static int head_dim() { return std::get<1>(GetParam()); }
};

TEST_P(Attention, IsThatOfTheDefinition) {
  for (const int group : {1, 2, 4, 5, 8}) {
    SCOPED_TRACE(group);
    const AttentionShape shape = {2 * group, 2, head_dim()};
    const std::vector<Chunk> chunks = {{0, 0, 1},  {1, 15, 1}, {2, 63, 1},
                                       {3, 64, 1}, {4, 0, 0},  {5, 60, 9}};
    const Outputs outputs = attend(shape, chunks);
    expect_reference(shape, outputs);
    EXPECT_EQ(attend(shape, chunks, prefill_only()), outputs);
  }
}

TEST_P(Attention, SeesManySplits) {
  const AttentionShape shape = {6, 2, head_dim()};
  const std::vector<Chunk> chunks = {{0, 600, 1}, {1, 300, 1}, {2, 510, 4}};
  const Outputs outputs = attend(shape, chunks);
  expect_reference(shape, outputs);
  EXPECT_EQ(attend(shape, chunks, prefill_only()), outputs);
  AttentionOptions narrow;
  narrow.max_context = 1;
  EXPECT_EQ(attend(shape, chunks, narrow), outputs) << "one block for all chunks";
  AttentionOptions poor;
  poor.workspace_rows = 0;
  EXPECT_EQ(attend(shape, chunks, poor), outputs) << "no workspace";
}

TEST_P(Attention, DoesNotDependOnTheChunksOfThePrompt) {
  for (const int group : {2, 5}) {
    SCOPED_TRACE(group);
    const AttentionShape shape = {group, 1, head_dim()};
    const Outputs whole = attend(shape, {{0, 50, 40}}, prefill_only());
    expect_reference(shape, whole);
    EXPECT_EQ(attend(shape, {{0, 50, 40}}, decode_only()), whole);
    Outputs cut;
    for (const Chunk& chunk : {Chunk{0, 50, 13}, Chunk{0, 63, 1}, Chunk{0, 64, 26}}) {
      cut.merge(attend(shape, {chunk}));
    }
    EXPECT_EQ(cut, whole);
  }
}

TEST_P(Attention, DoesNotDependOnTheBatch) {
  const AttentionShape shape = {4, 2, head_dim()};
  const std::vector<Chunk> chunks = {{0, 70, 1}, {1, 5, 30}, {2, 33, 1}, {3, 100, 3}};
  AttentionOptions options;
  options.max_decode_tiles = 1;
  const Outputs together = attend(shape, chunks, options);
  Outputs alone;
  options.block_seed = 7;
  for (const Chunk& chunk : chunks) alone.merge(attend(shape, {chunk}, options));
  EXPECT_EQ(alone, together);
}

TEST_P(Attention, AddsInOneOrder) {
  const AttentionShape shape = {3, 1, head_dim()};
  const Chunk longer = {kDelicate, 641, 1};
  const Chunk shorter = {kDelicate + 1, 210, 20};
  const Outputs prefill = attend(shape, {longer, shorter}, prefill_only());
  EXPECT_EQ(attend(shape, {longer, shorter}, decode_only()), prefill);
  Outputs cut;
  for (const Chunk& chunk : {longer, Chunk{kDelicate + 1, 210, 3}, Chunk{kDelicate + 1, 213, 17}}) {
    cut.merge(attend(shape, {chunk}));
  }
  EXPECT_EQ(cut, prefill);
}

TEST_P(Attention, DoesNotSeeWhatIsUnwritten) {
  const AttentionShape shape = {2, 1, head_dim()};
  for (const AttentionOptions& base : {decode_only(), prefill_only()}) {
    const std::vector<Chunk> chunks = {{0, 17, 2}, {1, 0, 1}};
    AttentionOptions options = base;
    options.unwritten = inference::to_bf16(1e30F);
    const Outputs outputs = attend(shape, chunks, options);
    expect_reference(shape, outputs);
    options.unwritten = 0xffff;
    EXPECT_EQ(attend(shape, chunks, options), outputs);
    options.unwritten = 0x7f80;
    EXPECT_EQ(attend(shape, chunks, options), outputs) << "infinity";
  }
}

TEST_P(Attention, CanBeLaunchedAgain) {
  const AttentionShape shape = {2, 2, head_dim()};
  const std::vector<Chunk> chunks = {{0, 560, 1}, {1, 512, 1}};
  AttentionOptions again;
  again.launches = 2;
  EXPECT_EQ(attend(shape, chunks, again), attend(shape, chunks, prefill_only()));
}

INSTANTIATE_TEST_SUITE_P(Orders, Attention,
                         testing::Combine(testing::ValuesIn(kThreadOrders),
                                          testing::Values(64, 128)));

TEST(AttentionLaunch, RefusesWhatItHasNoKernelFor) {
  on_stream([](cudaStream_t stream) {
    for (const AttentionShape& shape : {AttentionShape{4, 2, 96}, AttentionShape{17, 1, 64},
                                        AttentionShape{5, 2, 64}, AttentionShape{4, 0, 64}}) {
      AttentionArgs args;
      args.shape = shape;
      EXPECT_EQ(enqueue_attention({stream}, args), cudaErrorInvalidValue);
    }
  });
}

TEST(AttentionPlan, HasEachRowOnceTheLongestFirst) {
  const AttentionShape shape = {10, 2, 64};  // Tiles of 3 rows.
  const std::vector<DevicePart> parts = {
      {0, 1, 100, 0}, {1, 30, 700, 7}, {31, 5, 0, 60}, {36, 0, 0, 61}, {36, 1, 600, 61}};
  const auto size = workspace_size(shape, 1, 640);
  std::vector<AttentionWork> decode(64);
  std::vector<AttentionWork> prefill(64);
  const auto plan = plan_attention(parts, shape, {size, 4}, decode, prefill);
  EXPECT_EQ(plan.num_decode, 4);
  EXPECT_EQ(plan.num_prefill, 2);
  std::vector<int> seen(37);
  for (const auto* works : {&decode, &prefill}) {
    for (std::size_t i = 0; i < works->size(); ++i) {
      const AttentionWork& work = (*works)[i];
      for (int j = 0; j < work.num_rows; ++j) ++seen[static_cast<std::size_t>(work.first_row + j)];
      if (i == 0 || work.num_rows == 0) continue;
      EXPECT_LE(splits_of(work), splits_of((*works)[i - 1]));
    }
  }
  EXPECT_EQ(seen, std::vector<int>(37, 1));
  EXPECT_EQ(decode[0].position, 600);
  EXPECT_EQ(prefill[1].first_row, 25);
  EXPECT_EQ(prefill[1].position, 724);
}

TEST(AttentionPlan, SharesTheWorkspaceOut) {
  const AttentionShape shape = {4, 2, 64};
  std::vector<DevicePart> parts;
  for (int i = 0; i < 4; ++i) parts.push_back({i, 1, 999, 0});
  std::vector<AttentionWork> decode(4);
  std::vector<AttentionWork> prefill(4);
  const auto room_for = [&](int rows) {
    const AttentionLimits limits = {workspace_size(shape, rows, 1000), 4};
    return plan_attention(parts, shape, limits, decode, prefill);
  };
  EXPECT_EQ(room_for(4).num_decode, 4);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(decode[static_cast<std::size_t>(i)].first_partial, i * 16 * 4);
  }
  EXPECT_EQ(room_for(3).num_decode, 3);
  EXPECT_EQ(room_for(3).num_prefill, 1);
  EXPECT_EQ(room_for(0).num_prefill, 4);
  EXPECT_EQ(workspace_size(shape, 4, kChunkKeys), 0) << "one block merges in shared memory";
}

}  // namespace
}  // namespace sluice::inference::cuda
