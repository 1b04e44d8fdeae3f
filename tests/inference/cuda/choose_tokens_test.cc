// The sampling kernel chooses what the sampler of the host chooses from the same logits.

#include "inference/cuda/choose_tokens.h"
#include "inference/sampler.h"
#include "tests/inference/cuda/device_array.h"
#include "tests/inference/cuda/device_test.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace sluice::inference::cuda {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kGroupSize = 16;

/// Rows of logits and what the product with lm_head says of them.
struct Rows {
  int num_groups;
  std::vector<float> logits;
  std::vector<float> best_logits;
  std::vector<int> best_tokens;

  void summarise() {
    best_logits.clear();
    best_tokens.clear();
    for (std::size_t first = 0; first < logits.size(); first += kGroupSize) {
      std::size_t best = first;
      for (std::size_t i = first; i < first + kGroupSize; ++i) {
        if (logits[i] > logits[best]) best = i;
      }
      best_logits.push_back(logits[best]);
      best_tokens.push_back(
          static_cast<int>(best % (static_cast<std::size_t>(num_groups) * kGroupSize)));
    }
  }
};

std::vector<int> choose(const std::vector<DeviceChoice>& choices, Rows rows) {
  rows.summarise();
  const DeviceArray<DeviceChoice> how(choices);
  const DeviceArray<float> logits(rows.logits);
  const DeviceArray<float> best_logits(rows.best_logits);
  const DeviceArray<int> best_tokens(rows.best_tokens);
  const DeviceArray<int> tokens(choices.size());
  const ScoredGroups groups = {logits.data(), best_logits.data(), best_tokens.data(),
                               rows.num_groups, kGroupSize};
  on_stream([&](cudaStream_t stream) {
    EXPECT_EQ(enqueue_choose_tokens({stream}, how.data(), static_cast<int>(choices.size()), groups,
                                    tokens.data()),
              cudaSuccess);
  });
  return tokens.get();
}

/// What the sampler of the host makes of one row.
int choose_on_host(const DeviceChoice& choice, std::vector<float> logits) {
  std::vector<Vocabulary::Entry> entries(logits.size(), {"x", Vocabulary::Kind::text});
  std::vector<std::uint64_t> allowed((logits.size() + 63) / 64);
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] != -kInfinity) allowed[i / 64] |= std::uint64_t{1} << i % 64;
  }
  Sampler sampler(Vocabulary(std::move(entries)), static_cast<std::int64_t>(logits.size()));
  SamplingParams params;
  params.temperature = choice.temperature;
  params.top_k = choice.top_k;
  params.top_p = choice.top_p;
  params.min_p = choice.min_p;
  params.seed = choice.seed;
  const auto chosen = sampler.choose(params, TokenCounts(), {logits, allowed, choice.position});
  return chosen ? chosen.value().id : kNoTokenMayFollow;
}

class ChooseTokens : public testing::TestWithParam<cuda_on_host::ThreadOrder> {
 protected:
  void SetUp() override { cuda_on_host::set_thread_order(GetParam()); }
};

TEST_P(ChooseTokens, ChoosesWhatTheHostChooses) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 2);
  std::uniform_int_distribution<int> percent(0, 99);
  Rows rows{30, {}, {}, {}};
  std::vector<DeviceChoice> choices;
  std::vector<int> expected;
  for (int i = 0; i < 24; ++i) {
    std::vector<float> logits;
    for (int j = 0; j < rows.num_groups * kGroupSize; ++j) {
      // Few different values in every third row: ties. Many that are not allowed in every fourth.
      const float logit = i % 3 == 0 ? std::round(normal(random)) : normal(random);
      logits.push_back(i % 4 == 0 && percent(random) < 95 ? -kInfinity : logit);
    }
    DeviceChoice choice;
    choice.temperature = percent(random) < 30 ? 0 : 0.1 + percent(random) * 0.02;
    choice.top_k = 1 + percent(random) % kMaxTopK;
    choice.top_p = percent(random) < 50 ? 1 : 0.05 + percent(random) * 0.009;
    choice.min_p = percent(random) < 50 ? 0 : percent(random) * 0.01;
    choice.seed = random();
    choice.position = random();
    expected.push_back(choose_on_host(choice, logits));
    choices.push_back(choice);
    rows.logits.insert(rows.logits.end(), logits.begin(), logits.end());
  }
  EXPECT_EQ(choose(choices, rows), expected);
}

TEST_P(ChooseTokens, TakesTheLowestOfEquals) {
  Rows rows{3, std::vector<float>(48, 1.5F), {}, {}};
  EXPECT_EQ(choose({{}}, rows), std::vector{0});
  rows.logits[0] = 1;
  EXPECT_EQ(choose({{}}, rows), std::vector{1});
}

TEST_P(ChooseTokens, SaysWhenThereIsNoToken) {
  Rows rows{2, std::vector<float>(64, -kInfinity), {}, {}};
  rows.logits[40] = kInfinity;
  EXPECT_EQ(choose({{}, {}}, rows), (std::vector<int>{kNoTokenMayFollow, kLogitsAreNotFinite}));
}

INSTANTIATE_TEST_SUITE_P(Orders, ChooseTokens, testing::ValuesIn(kThreadOrders));

}  // namespace
}  // namespace sluice::inference::cuda
