#pragma once

#include "inference/generation.h"
#include "tests/inference/choice_mask.h"
#include "tests/inference/fake_backend.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inference {

inline GenerationRequest request_of(std::vector<TokenId> prompt, std::int64_t max_tokens = 8) {
  GenerationRequest request;
  request.prompt = std::move(prompt);
  request.max_tokens = max_tokens;
  request.stop_token_ids = {kEos};
  return request;
}

/// Prompts with few different beginnings, and all kinds of parameters.
inline GenerationRequest random_request(std::mt19937& random) {
  const auto below = [&](std::uint32_t limit) { return static_cast<int>(random() % limit); };
  std::vector<TokenId> prompt(static_cast<std::size_t>(below(70)), below(2));
  for (int i = below(30); i >= 0; --i) prompt.push_back(below(26));
  auto request = request_of(std::move(prompt), 1 + below(40));
  request.priority = below(3);
  request.sampling.temperature = below(3) * 0.5;
  request.sampling.seed = static_cast<std::uint64_t>(below(5));
  request.sampling.top_k = below(2) * 10;
  request.sampling.top_p = below(2) == 0 ? 1 : 0.9;
  request.sampling.repetition_penalty = below(2) == 0 ? 1 : 1.5;
  request.sampling.presence_penalty = below(2);
  request.sampling.top_logprobs = below(4) - 1;
  return request;
}

/// The same, and some of them with stop texts, masks and, where `thinks`, think blocks. Of one seed
/// always the same, but for the mask, which is a new one.
inline GenerationRequest any_request(unsigned seed, bool thinks) {
  std::mt19937 random(seed);
  const auto below = [&](std::uint32_t limit) { return static_cast<int>(random() % limit); };
  GenerationRequest request = random_request(random);
  const std::array<std::vector<std::string>, 4> stops = {{{}, {}, {"q"}, {"ab", "e"}}};
  request.stop = stops[random() % stops.size()];
  if (below(4) == 0) {
    const std::array<std::vector<std::string>, 4> choices = {
        {{"yes", "no"}, {"a", "abc", "abcdefghijklmnopqrs"}, {""}, {"x"}}};
    request.mask = std::make_shared<ChoiceMask>(choices[random() % choices.size()]);
  }
  if (thinks && below(2) == 0) {
    request.starts_thinking = below(2) == 0;
    request.may_think = !request.starts_thinking;
    if (below(4) != 0) request.max_thinking_tokens = below(8);
  }
  return request;
}

inline void expect_same(const Completion& got, const Completion& wanted) {
  EXPECT_EQ(got.tokens, wanted.tokens);
  EXPECT_EQ(got.text, wanted.text);
  EXPECT_EQ(got.reason, wanted.reason) << got.error;
  ASSERT_EQ(got.logprobs.size(), wanted.logprobs.size());
  for (std::size_t i = 0; i < got.logprobs.size(); ++i) {
    EXPECT_EQ(got.logprobs[i].id, wanted.logprobs[i].id);
    EXPECT_EQ(got.logprobs[i].logprob, wanted.logprobs[i].logprob);  // To the bit.
    EXPECT_EQ(got.logprobs[i].top, wanted.logprobs[i].top);
  }
}

}  // namespace sluice::inference
