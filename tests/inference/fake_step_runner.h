#pragma once

#include "inference/sampler.h"
#include "inference/step_runner.h"
#include "tests/inference/fake_backend.h"
#include "tests/inference/fake_step.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inference {

/// Steps of a FakeBackend that overlap, as on a device with a queue: what is begun and chosen runs
/// as late as it can, when its tokens are collected, and in its order. Calls out of turn fail the
/// test. What a void choice comes to is garbage, which shows in the logits of whoever reads it.
class FakeStepRunner final : public StepRunner {
 public:
  FakeStepRunner(FakeBackend& backend, StepHooks& hooks, const Vocabulary& vocabulary)
      : backend_(backend), hooks_(hooks), sampler_(vocabulary, kRows) {
    ++hooks_.num_runners;
  }
  ~FakeStepRunner() override { --hooks_.num_runners; }

  [[nodiscard]] bool overlaps() const noexcept override { return true; }

  [[nodiscard]] Result<void> begin(std::span<const StepPart> parts) override {
    EXPECT_LE(in_flight_.size(), 1U) << "the step before the one before was not collected";
    EXPECT_TRUE(in_flight_.empty() || in_flight_.back().is_chosen) << "begin() before choose()";
    EXPECT_FALSE(parts.empty());
    INFERENCE_CHECK(enter(StepCall::begin, backend_.num_steps));
    INFERENCE_CHECK(drop_on_error(backend_.enter(parts)));
    FakeStep step;
    step.number = backend_.num_steps - 1;
    std::set<std::int64_t> followed;
    for (const StepPart& part : parts) {
      if (part.follows >= 0) {
        EXPECT_TRUE(followed.insert(part.follows).second) << "two parts follow one choice";
        check_followed(part);
      }
      step.parts.push_back({part,
                            {part.tokens.begin(), part.tokens.end()},
                            {part.blocks.begin(), part.blocks.end()}});
      if (part.wants_logits) step.ends.push_back(part.position + part.num_tokens());
    }
    in_flight_.push_back(std::move(step));
    return {};
  }

  [[nodiscard]] Result<void> choose(std::span<const TokenChoice> choices) override {
    EXPECT_FALSE(in_flight_.empty() || in_flight_.back().is_chosen) << "choose() before begin()";
    FakeStep& step = in_flight_.back();
    INFERENCE_CHECK(enter(StepCall::choose, step.number));
    EXPECT_EQ(choices.size(), step.ends.size());
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const TokenChoice& choice = choices[i];
      FakeChoice& chosen = step.choices.emplace_back();
      if (choice.params == nullptr) continue;
      EXPECT_EQ(choice.position, static_cast<std::uint64_t>(step.ends[i]));
      chosen = {*choice.params,
                *choice.counts,
                {choice.allowed.begin(), choice.allowed.end()},
                choice.position};
    }
    step.is_chosen = true;
    return {};
  }

  [[nodiscard]] Result<void> collect(std::vector<Result<TokenLogprob>>& tokens) override {
    EXPECT_TRUE(!in_flight_.empty() && in_flight_.front().is_chosen) << "nothing to collect";
    INFERENCE_CHECK(enter(StepCall::collect, in_flight_.front().number));
    tokens = run(in_flight_.front());
    in_flight_.pop_front();
    return {};
  }

 private:
  Result<void> enter(StepCall call, std::int64_t step) {
    constexpr const char* kNames[] = {"begin ", "choose ", "collect "};
    EXPECT_FALSE(backend_.lost) << "a lost device is used";
    hooks_.events.push_back(kNames[static_cast<std::size_t>(call)] + std::to_string(step));
    return drop_on_error(hooks_.on_call ? hooks_.on_call(call, step) : Result<void>());
  }

  Result<void> drop_on_error(Result<void> result) {
    if (!result) in_flight_.clear();
    return result;
  }

  void check_followed(const StepPart& part) {
    EXPECT_TRUE(part.tokens.empty());
    ASSERT_FALSE(in_flight_.empty()) << "the step before is collected: its tokens are known";
    const auto& ends = in_flight_.back().ends;
    ASSERT_LT(part.follows, std::ssize(ends));
    EXPECT_EQ(part.position, ends[static_cast<std::size_t>(part.follows)]);
  }

  std::vector<Result<TokenLogprob>> run(FakeStep& step) {
    std::vector<StepPart> parts;
    for (FakePart& part : step.parts) {
      if (part.part.follows >= 0) {
        part.tokens = {came_to_[static_cast<std::size_t>(part.part.follows)]};
      }
      part.part.tokens = part.tokens;
      part.part.blocks = part.blocks;
      parts.push_back(part.part);
    }
    std::vector<float> logits(step.choices.size() * kRows);
    backend_.run(parts, logits);
    came_to_.clear();
    std::vector<Result<TokenLogprob>> tokens;
    std::span<float> left = logits;
    for (const FakeChoice& chosen : step.choices) {
      const auto garbage = static_cast<TokenId>((step.number * 31 + std::ssize(tokens)) % kEos);
      tokens.emplace_back(TokenLogprob{garbage, 0, {}});
      if (chosen.params) {
        tokens.back() = sampler_.choose(*chosen.params, chosen.counts,
                                        {left.first(kRows), chosen.allowed, chosen.position});
      }
      came_to_.push_back(tokens.back() ? tokens.back().value().id : garbage);
      left = left.subspan(kRows);
    }
    return tokens;
  }

  FakeBackend& backend_;
  StepHooks& hooks_;
  Sampler sampler_;
  std::deque<FakeStep> in_flight_;
  std::vector<TokenId> came_to_;  ///< The choices of the step that ran last.
};

}  // namespace sluice::inference
