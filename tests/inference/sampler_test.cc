// The sampler: known answers of the random function, distributions against a plain reference by
// chi-square, penalties and logprobs by hand, and the rules for ties. Positions are the draws, so
// every run draws the same.

#include "inference/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace sluice::inference {
namespace {

using Words = std::array<std::uint32_t, 4>;

Vocabulary vocabulary_of(std::size_t size, const std::vector<TokenId>& unused = {}) {
  std::vector<Vocabulary::Entry> entries(size, {"x", Vocabulary::Kind::text});
  for (const TokenId id : unused) entries[static_cast<std::size_t>(id)] = {};
  return Vocabulary(std::move(entries));
}

/// Chooses from a copy of `logits`.
TokenLogprob choose(Sampler& sampler, const SamplingParams& params, std::vector<float> logits,
                    std::uint64_t position = 0, std::vector<std::uint64_t> allowed = {},
                    const TokenCounts& counts = {}) {
  auto result = sampler.choose(params, counts, {logits, allowed, position});
  EXPECT_TRUE(result) << (result ? "" : result.error().detail);
  return result ? result.value() : TokenLogprob{-1, 0, {}};
}

TEST(Philox, GivesTheKnownAnswers) {  // kat_vectors of the paper's own library.
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, IsUniformOverPositionsAndOverSeeds) {
  for (const bool over_seeds : {false, true}) {
    std::vector<double> counts(64);
    constexpr int kDraws = 64'000;
    for (std::uint64_t i = 0; i < kDraws; ++i) {
      const double u = over_seeds ? uniform_at(i, 7) : uniform_at(7, i);
      ASSERT_GE(u, 0);
      ASSERT_LT(u, 1);
      ++counts[static_cast<std::size_t>(u * 64)];
    }
    double chi_square = 0;
    for (const double count : counts) chi_square += (count - 1000) * (count - 1000) / 1000;
    EXPECT_LT(chi_square, 63 + 2 * std::sqrt(9 * 63.0) + 2 * 9);
  }
}

/// The distribution as the header words it, computed the long way.
std::vector<double> reference(const SamplingParams& params, const std::vector<float>& logits,
                              const std::vector<bool>& possible) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (possible[i]) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](auto a, auto b) { return logits[a] > logits[b]; });
  if (params.top_k > 0) {
    order.resize(std::min(order.size(), static_cast<std::size_t>(params.top_k)));
  }
  std::vector<double> p(logits.size());
  const auto normalise = [&] {
    double sum = 0;
    for (const std::size_t i : order) sum += p[i];
    std::vector<double> next(p.size());
    for (const std::size_t i : order) next[i] = p[i] / sum;
    p = next;
  };
  for (const std::size_t i : order) p[i] = std::exp(logits[i] / params.temperature);
  normalise();
  double reached = 0;
  std::size_t kept = 0;
  while (kept < order.size() && reached < params.top_p) reached += p[order[kept++]];
  order.resize(kept);
  normalise();
  std::erase_if(order,
                [&, first = order.front()](auto i) { return p[i] < params.min_p * p[first]; });
  normalise();
  return p;
}

/// Holds what was drawn against the probabilities; cells below 5 go together, as the test wants it.
void expect_distribution(const std::vector<double>& counts, const std::vector<double>& p) {
  const double draws = std::accumulate(counts.begin(), counts.end(), 0.0);
  double chi_square = 0;
  double degrees = -1;
  double rare_expected = 0;
  double rare_counted = 0;
  const auto add = [&](double counted, double expected) {
    chi_square += (counted - expected) * (counted - expected) / expected;
    ++degrees;
  };
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_TRUE(p[i] > 0 || counts[i] == 0) << i;
    if (p[i] * draws >= 5) {
      add(counts[i], p[i] * draws);
    } else {
      rare_expected += p[i] * draws;
      rare_counted += counts[i];
    }
  }
  if (rare_expected >= 5) add(rare_counted, rare_expected);
  // Laurent and Massart 2000, lemma 1: exceeded with a probability of less than e^-9.
  EXPECT_LE(chi_square, degrees + 2 * std::sqrt(9 * degrees) + 2 * 9);
}

TEST(Sampler, DrawsTheDistributionThatTheParametersDescribe) {
  constexpr std::size_t kRows = 130;
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 2);
  std::vector<float> logits(kRows);
  for (float& logit : logits) logit = normal(random);
  logits[5] = logits[70];  // A tie.
  const std::vector<TokenId> unused = {0, 64, 99, 129};
  Sampler sampler(vocabulary_of(kRows, unused), kRows);

  const auto with = [](double temperature, std::int64_t top_k, double top_p, double min_p) {
    return SamplingParams{
        .temperature = temperature, .top_k = top_k, .top_p = top_p, .min_p = min_p, .seed = 42};
  };
  for (const SamplingParams& params :
       {with(1, 0, 1, 0), with(0.6, 20, 0.95, 0), with(0.7, 0, 0.8, 0), with(1.5, 0, 1, 0.05),
        with(2, 7, 1, 0), with(1, 500, 0.9, 0.1), with(1, 0, 1e-9, 0), with(3, 0, 0.9999, 0)}) {
    for (const bool masked : {false, true}) {
      SCOPED_TRACE(testing::Message() << params.temperature << " masked " << masked);
      std::vector<std::uint64_t> allowed;
      if (masked) allowed.assign(3, 0x5555555555555555);  // Even ids.
      std::vector<bool> possible(kRows, true);
      for (const TokenId id : unused) possible[static_cast<std::size_t>(id)] = false;
      for (std::size_t i = 1; masked && i < kRows; i += 2) possible[i] = false;
      std::vector<double> counts(kRows);
      for (std::uint64_t i = 0; i < 40'000; ++i) {
        ++counts[static_cast<std::size_t>(choose(sampler, params, logits, i, allowed).id)];
      }
      expect_distribution(counts, reference(params, logits, possible));
    }
  }
}

TEST(Sampler, IsGreedyAtTemperatureZeroAndTakesTheLowestOfEquals) {
  Sampler sampler(vocabulary_of(70, {3}), 70);
  std::vector<float> logits(70, -1);
  logits[66] = logits[9] = logits[12] = 2;
  logits[3] = 100;  // Unused.
  EXPECT_EQ(choose(sampler, {}, logits).id, 9);
  EXPECT_EQ(choose(sampler, {}, logits, 0, {~std::uint64_t{0x200}, ~std::uint64_t{0}}).id, 12);
  EXPECT_EQ(choose(sampler, {}, logits, 0, {0, ~std::uint64_t{0}}).id, 66);
  EXPECT_EQ(choose(sampler, {}, std::vector<float>(70, 0)).id, 0);
}

TEST(Sampler, TakesTheLowerIdAtTheEdgesOfTopKAndTopP) {
  Sampler sampler(vocabulary_of(8), 8);
  const std::vector<float> logits(8, 1);
  std::vector<bool> seen_k(8);
  std::vector<bool> seen_p(8);
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto draw = [&](SamplingParams params) {
      return static_cast<std::size_t>(choose(sampler, params, logits, i).id);
    };
    seen_k[draw({.temperature = 1, .top_k = 3})] = true;
    seen_p[draw({.temperature = 1, .top_p = 0.25})] = true;
  }
  EXPECT_EQ(seen_k, (std::vector<bool>{1, 1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(seen_p, (std::vector<bool>{1, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(Sampler, AppliesPenaltiesToWhatCame) {
  TokenCounts counts;
  counts.add_prompt(std::vector<TokenId>{0, 1, 1});
  counts.add(2);
  counts.add(2);
  counts.add(1);
  std::vector<float> logits = {4, 4, -4, 4, 4};
  counts.penalise({.presence_penalty = 0.5, .frequency_penalty = 0.25, .repetition_penalty = 2},
                  logits);
  EXPECT_EQ(logits, (std::vector<float>{2, 1.25, -9, 4, 4}));
  counts.add(99);  // No such row.
  counts.penalise({}, logits);

  Sampler sampler(vocabulary_of(5), 5);
  const auto chosen = choose(sampler, {.repetition_penalty = 3, .top_logprobs = 2},
                             {4, 4, 1, 3.9F, -100}, 0, {}, counts);
  EXPECT_EQ(chosen.id, 3);
  const double sum = 2 + std::exp(-3) + std::exp(-0.1);  // Before penalties.
  EXPECT_NEAR(chosen.logprob, -0.1 - std::log(sum), 1e-6);
  ASSERT_EQ(chosen.top.size(), 2U);
  EXPECT_EQ(chosen.top[0].first, 0);
  EXPECT_EQ(chosen.top[1].first, 1);
  EXPECT_NEAR(chosen.top[1].second, -std::log(sum), 1e-6);
}

TEST(Sampler, ListsAsManyLogprobsAsWereAskedFor) {
  Sampler sampler(vocabulary_of(4, {2}), 4);
  const std::vector<float> logits = {0, 1, 50, -1};
  for (int count = -1; count <= 5; ++count) {
    const auto chosen = choose(sampler, {.top_logprobs = count}, logits, 0, {1});
    EXPECT_EQ(chosen.id, 0);
    EXPECT_EQ(std::ssize(chosen.top), std::clamp(count, 0, 3));
    const double sum = 1 + std::exp(1) + std::exp(-1);  // Of used rows, masked or not.
    EXPECT_NEAR(chosen.logprob, count < 0 ? 0 : -std::log(sum), 1e-6);
  }
}

TEST(Sampler, RefusesLogitsThatAreNoNumbersAndAnEmptyChoice) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Sampler sampler(vocabulary_of(3), 3);
  for (const double temperature : {0.0, 1.0}) {
    for (const float bad : {std::nanf(""), kInfinity}) {
      std::vector<float> logits = {0, bad, 0};
      const auto result = sampler.choose({.temperature = temperature}, {}, {logits, {}, 0});
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().code, Errc::internal);
    }
    std::vector<float> logits = {0, 0, -kInfinity};
    const std::vector<std::uint64_t> none = {0};
    EXPECT_FALSE(sampler.choose({.temperature = temperature}, {}, {logits, none, 0}));
    const std::vector<std::uint64_t> impossible = {4};
    EXPECT_FALSE(sampler.choose({.temperature = temperature}, {}, {logits, impossible, 0}));
    EXPECT_TRUE(sampler.choose({.temperature = temperature}, {}, {logits, {}, 0}));
  }
}

TEST(Sampler, DrawsByTheLikeliestAloneWhenTheTemperatureIsTiny) {
  Sampler sampler(vocabulary_of(3), 3);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(choose(sampler, {.temperature = 1e-300}, {0, 1e-3F, -1}, i).id, 1);
  }
}

TEST(Sampling, RefusesParametersOutOfTheirRange) {
  const double nan = std::nan("");
  const std::pair<SamplingParams, const char*> table[] = {
      {{.temperature = -1}, "temperature"},
      {{.temperature = nan}, "temperature"},
      {{.top_k = -1}, "top_k"},
      {{.top_p = 0}, "top_p"},
      {{.top_p = 1.1}, "top_p"},
      {{.min_p = -0.1}, "min_p"},
      {{.presence_penalty = nan}, "presence_penalty"},
      {{.frequency_penalty = 1e9}, "frequency_penalty"},
      {{.repetition_penalty = 0}, "repetition_penalty"},
      {{.top_logprobs = 21}, "top_logprobs"},
  };
  for (const auto& [params, name] : table) {
    const auto checked = check_sampling(params);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, Errc::invalid_argument);
    EXPECT_NE(checked.error().detail.find(name), std::string::npos) << checked.error().detail;
  }
  EXPECT_TRUE(check_sampling({}));
}

}  // namespace
}  // namespace sluice::inference
