// What becomes of tokens: text, reasoning, the end, masks and forced tokens. A backend that answers
// by a script stands in for the model; each test runs a whole engine, so that chunks are checked as
// well (Outcome does that), on both kinds of runners.

#include "tests/inference/choice_mask.h"
#include "tests/inference/engine_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace sluice::inference {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

constexpr std::string_view kPrompt = "pq";

class CompletionTest : public OnBothRunners {};
class ThinkingTest : public OnBothRunners {};
class MaskTest : public OnBothRunners {};
INSTANTIATE_TEST_SUITE_P(On, CompletionTest, testing::Bool(), runner_name);
INSTANTIATE_TEST_SUITE_P(On, ThinkingTest, testing::Bool(), runner_name);
INSTANTIATE_TEST_SUITE_P(On, MaskTest, testing::Bool(), runner_name);

GenerationRequest request_of(std::int64_t max_tokens = 40) {
  GenerationRequest request;
  request.prompt = ids(kPrompt);
  request.max_tokens = max_tokens;
  request.stop_token_ids = {kEos};
  return request;
}

/// What an engine makes of `request` when the model answers `answer`.
Completion answered(const std::string& answer, GenerationRequest request) {
  House house;
  house.answer(kPrompt, answer);
  return house.run(std::move(request));
}

TEST_P(CompletionTest, EndsAtEosAndAtTheLength) {
  const auto stopped = answered("abc", request_of());
  EXPECT_EQ(stopped.text, "abc");
  EXPECT_EQ(stopped.reason, FinishReason::stop);
  EXPECT_THAT(stopped.tokens, ElementsAreArray(ids("abc")));
  EXPECT_EQ(stopped.prompt_tokens, 2);
  const auto cut = answered("abcdef", request_of(4));
  EXPECT_EQ(cut.text, "abcd");
  EXPECT_EQ(cut.reason, FinishReason::length);
  EXPECT_EQ(answered("", request_of()).text, "");
  auto endless = request_of(6);
  endless.stop_token_ids.clear();
  const auto through = answered("ab", endless);  // eos is a token like others, without a text.
  EXPECT_EQ(through.text, "ab");
  EXPECT_THAT(through.tokens, SizeIs(6));
}

TEST_P(CompletionTest, NeverGivesOutAStopText) {
  const std::tuple<std::string, std::vector<std::string>, std::string> table[] = {
      {"abcdef", {"cd"}, "ab"},         {"abcdef", {"zz", "f", "de"}, "abc"},
      {"aabaabaac", {"aabaac"}, "aab"}, {"abcdef", {"fg"}, "abcdef"},  // It could have come.
      {"abc\n\ndef", {"\n\n"}, "abc"},
  };
  for (const auto& [answer, stop, text] : table) {
    auto request = request_of();
    request.stop = stop;
    request.sampling.top_logprobs = 0;
    const auto completion = answered(answer, request);
    EXPECT_EQ(completion.text, text);
    EXPECT_EQ(completion.reason, FinishReason::stop);
    EXPECT_EQ(completion.logprobs.size(), completion.tokens.size());
  }
}

TEST_P(CompletionTest, HoldsBackWhatIsNoWholeCharacter) {
  House house;
  house.backend->script = [](std::span<const TokenId> history) {
    constexpr std::array<TokenId, 7> kAnswer = {0, kFirstHalf, kSecondHalf, kFirstHalf,
                                                1, kFirstHalf, kEos};
    return kAnswer[std::min(history.size() - kPrompt.size(), kAnswer.size() - 1)];
  };
  EXPECT_EQ(house.run(request_of()).text,
            "a\xC3\xA9\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
}

TEST_P(CompletionTest, ShowsOnlyTheControlTokensThatBelongToTheText) {
  EXPECT_EQ(answered("a#b", request_of()).text, "a<tool_call>b");
}

TEST_P(ThinkingTest, GoesToReasoningWithoutTheNewlinesAround) {
  const auto completion = answered("<\na\n\nb\n>\n\nc\nd\n", request_of());
  EXPECT_EQ(completion.reasoning, "a\n\nb");
  EXPECT_EQ(completion.text, "c\nd\n");
  const auto twice = answered("<a\n>b<c>d", request_of());
  EXPECT_EQ(twice.reasoning, "ac");
  EXPECT_EQ(twice.text, "bd");
  auto inside = request_of();
  inside.starts_thinking = true;
  const auto opened = answered("\na\n>\n\nb", inside);
  EXPECT_EQ(opened.reasoning, "a");
  EXPECT_EQ(opened.text, "b");
  const auto unfinished = answered("ab\n", inside);
  EXPECT_EQ(unfinished.reasoning, "ab");
  EXPECT_EQ(unfinished.text, "");
  EXPECT_EQ(unfinished.reason, FinishReason::stop);
}

TEST_P(ThinkingTest, DoesNotLookForStopTexts) {
  auto request = request_of();
  request.stop = {"b"};
  const auto completion = answered("<abc>def", request);
  EXPECT_EQ(completion.reasoning, "abc");
  EXPECT_EQ(completion.text, "def");
}

TEST_P(ThinkingTest, IsClosedWhenItIsTooLong) {
  for (const bool opened : {false, true}) {
    for (std::int64_t limit = 0; limit < 8; ++limit) {
      auto request = request_of();
      request.starts_thinking = opened;
      request.max_thinking_tokens = limit;
      House house;
      house.backend->script = [&](std::span<const TokenId> history) -> std::optional<TokenId> {
        const auto mark = std::ranges::find(history, kThinkClose);
        if (mark != history.end()) return history.end() - mark < 5 ? TokenId{25} : kEos;
        return !opened && history.size() == kPrompt.size() ? kThinkOpen : TokenId{0};
      };
      const auto completion = house.run(request);
      EXPECT_EQ(completion.reasoning, std::string(static_cast<std::size_t>(limit), 'a'));
      EXPECT_EQ(completion.text, "zz");
      EXPECT_EQ(std::ssize(completion.tokens), (opened ? 0 : 1) + limit + 4 + 2);
    }
  }
  auto request = request_of(3);  // The length is reached among the forced tokens.
  request.starts_thinking = true;
  request.max_thinking_tokens = 1;
  const auto cut = answered("abc", request);
  EXPECT_EQ(cut.reason, FinishReason::length);
  EXPECT_THAT(cut.tokens, SizeIs(3));
  request.max_thinking_tokens = 0;
  EXPECT_THAT(answered("abc", request).tokens, SizeIs(3));
}

TEST(ThinkingRules, AreNeededToThink) {
  EngineOptions options;
  Engine engine(options, std::make_unique<FakeBackend>(8), make_vocabulary());
  auto request = request_of();
  request.starts_thinking = true;
  EXPECT_FALSE(engine.submit(request, {}));
  request.starts_thinking = false;
  request.max_thinking_tokens = 3;
  EXPECT_FALSE(engine.submit(request, {}));
}

GenerationRequest masked(std::vector<std::string> choices, std::int64_t max_tokens = 40) {
  auto request = request_of(max_tokens);
  request.mask = std::make_shared<ChoiceMask>(std::move(choices));
  return request;
}

TEST_P(MaskTest, LeavesOnlyTextsThatItAllows) {
  const std::vector<std::string> choices = {"yes", "no", "nothing", "y"};
  House house;
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    auto request = masked(choices);
    request.sampling = {.temperature = 5, .seed = seed};
    const auto completion = house.run(request);
    EXPECT_EQ(std::ranges::count(choices, completion.text), 1) << completion.text;
    EXPECT_EQ(completion.reason, FinishReason::stop);
    seen.insert(completion.text);
  }
  EXPECT_EQ(seen.size(), choices.size());
}

TEST_P(MaskTest, EndsWhatIsWholeWithoutAnotherStep) {
  House house;
  EXPECT_EQ(house.run(masked({"abc"})).text, "abc");
  house.engine->stop();
  EXPECT_EQ(house.backend->num_steps, GetParam() ? 4 : 3);  // One had begun before it was known.
  const auto nothing = answered("abc", masked({""}));
  EXPECT_EQ(nothing.text, "");
  EXPECT_EQ(nothing.reason, FinishReason::stop);
}

TEST_P(MaskTest, HasItsTextWholeWithinTheLength) {
  for (std::int64_t max_tokens = 1; max_tokens < 6; ++max_tokens) {
    const auto completion = answered("abcde", masked({"a", "abc", "abcde"}, max_tokens));
    const auto whole = std::array<const char*, 6>{"", "a", "a", "abc", "abc", "abcde"};
    EXPECT_EQ(completion.text, whole[static_cast<std::size_t>(max_tokens)]);
    EXPECT_EQ(completion.reason, FinishReason::stop);
  }
  const auto cut = answered("abcde", masked({"abcde"}, 5));
  EXPECT_EQ(cut.reason, FinishReason::stop);
}

TEST_P(MaskTest, BeginsBehindTheThinkBlock) {
  auto opened = masked({"yes", "no"});
  opened.starts_thinking = true;
  const auto completion = answered("ab\n>", opened);
  EXPECT_EQ(completion.reasoning, "ab");
  EXPECT_TRUE(completion.text == "yes" || completion.text == "no") << completion.text;
  // What belongs behind the mark is put there.
  EXPECT_THAT(std::vector(completion.tokens.begin(), completion.tokens.begin() + 6),
              ElementsAreArray(ids("ab\n>\n\n")));

  auto closed = masked({"yes", "no"});
  closed.starts_thinking = true;
  closed.max_thinking_tokens = 4;
  const auto forced = answered("abcdefgh", closed);
  EXPECT_EQ(forced.reasoning, "abcd");
  EXPECT_TRUE(forced.text == "yes" || forced.text == "no") << forced.text;

  auto may = masked({"yes", "no"});
  EXPECT_EQ(answered("<ab>", may).reasoning, "");  // The mask does not have it.
  may = masked({"yes", "no"});
  may.may_think = true;
  const auto chosen = answered("<ab>", may);
  EXPECT_EQ(chosen.reasoning, "ab");
  EXPECT_TRUE(chosen.text == "yes" || chosen.text == "no") << chosen.text;
  may = masked({"yes", "no"});
  may.may_think = true;
  EXPECT_EQ(answered("yes", may).text, "yes");
}

TEST(FinishReasonTest, HasItsNames) {
  EXPECT_EQ(to_string(FinishReason::stop), "stop");
  EXPECT_EQ(to_string(FinishReason::length), "length");
  EXPECT_EQ(to_string(FinishReason::cancelled), "cancelled");
  EXPECT_EQ(to_string(FinishReason::expired), "expired");
  EXPECT_EQ(to_string(FinishReason::error), "error");
}

}  // namespace
}  // namespace sluice::inference
