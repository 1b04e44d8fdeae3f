#pragma once

#include "inference/sampler.h"
#include "inference/step_runner.h"
#include "tests/inference/fake_backend.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inference {

/// A FakeBackend that is used like a device with a queue: what is begun and chosen runs as late as
/// it can, when its tokens are collected, and in its order. Calls out of turn fail the test. What a
/// void choice comes to is garbage, which shows in the logits of whoever reads it.
class OverlappingBackend final : public FakeBackend {
 public:
  enum class Call : std::uint8_t { begin, choose, collect };

  using FakeBackend::FakeBackend;
  ~OverlappingBackend() override { EXPECT_EQ(num_runners, 0) << "a runner outlives its backend"; }

  [[nodiscard]] std::unique_ptr<StepRunner> step_runner(const Vocabulary& vocabulary) override;

  std::function<Result<void>(Call call, std::int64_t step)> on_call;  ///< Before it; may fail.
  std::vector<std::string> events;  ///< "begin 0" and so on; of the engine's thread.
  int num_runners = 0;

 private:
  class Runner;
};

class OverlappingBackend::Runner final : public StepRunner {
 public:
  Runner(OverlappingBackend& backend, const Vocabulary& vocabulary)
      : backend_(backend), sampler_(vocabulary, kRows) {
    ++backend_.num_runners;
  }
  ~Runner() override { --backend_.num_runners; }

  [[nodiscard]] bool overlaps() const noexcept override { return true; }

  [[nodiscard]] Result<void> begin(std::span<const StepPart> parts) override {
    EXPECT_LE(in_flight_.size(), 1U) << "the step before the one before was not collected";
    EXPECT_TRUE(in_flight_.empty() || in_flight_.back().is_chosen) << "begin() before choose()";
    EXPECT_FALSE(parts.empty());
    INFERENCE_CHECK(enter(Call::begin, backend_.num_steps));
    INFERENCE_CHECK(drop_on_error(backend_.enter(parts)));
    Step step;
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
    Step& step = in_flight_.back();
    INFERENCE_CHECK(enter(Call::choose, step.number));
    EXPECT_EQ(choices.size(), step.ends.size());
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const TokenChoice& choice = choices[i];
      Chosen& chosen = step.choices.emplace_back();
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
    INFERENCE_CHECK(enter(Call::collect, in_flight_.front().number));
    tokens = run(in_flight_.front());
    in_flight_.pop_front();
    return {};
  }

 private:
  struct Part {
    StepPart part;
    std::vector<TokenId> tokens;
    std::vector<KvBlock> blocks;
  };
  struct Chosen {
    std::optional<SamplingParams> params;  ///< Absent: void.
    TokenCounts counts;
    std::vector<std::uint64_t> allowed;
    std::uint64_t position = 0;
  };
  struct Step {
    std::int64_t number = 0;
    std::vector<Part> parts;
    std::vector<std::int64_t> ends;  ///< Behind each part that wants logits.
    std::vector<Chosen> choices;
    bool is_chosen = false;
  };

  Result<void> enter(Call call, std::int64_t step) {
    constexpr const char* kNames[] = {"begin ", "choose ", "collect "};
    EXPECT_FALSE(backend_.lost) << "a lost device is used";
    backend_.events.push_back(kNames[static_cast<std::size_t>(call)] + std::to_string(step));
    return drop_on_error(backend_.on_call ? backend_.on_call(call, step) : Result<void>());
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

  std::vector<Result<TokenLogprob>> run(Step& step) {
    std::vector<StepPart> parts;
    for (Part& part : step.parts) {
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
    for (const Chosen& chosen : step.choices) {
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

  OverlappingBackend& backend_;
  Sampler sampler_;
  std::deque<Step> in_flight_;
  std::vector<TokenId> came_to_;  ///< The choices of the step that ran last.
};

inline std::unique_ptr<StepRunner> OverlappingBackend::step_runner(const Vocabulary& vocabulary) {
  return std::make_unique<Runner>(*this, vocabulary);
}

}  // namespace sluice::inference
