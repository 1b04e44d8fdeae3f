// Steps that overlap: in which order the engine drives them, and that nobody can tell from the
// completions. Random requests are run among others on an overlapping runner, which fails the test
// when it is used wrongly, and alone on the host; what was cancelled or has expired is a beginning
// of what the host made of it.

#include "tests/inference/engine_fixtures.h"
#include "tests/inference/request_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <semaphore>

namespace sluice::inference {
namespace {

using testing::ElementsAre;
using testing::Not;
using Call = StepCall;

class EngineOverlap : public testing::Test {
 protected:
  EngineOverlap() { House::overlaps = true; }
  ~EngineOverlap() override { House::overlaps = false; }
};

/// What the host makes of requests, one after the other, without a prefix cache.
class Alone {
 public:
  explicit Alone(bool thinks) : thinks_(thinks) {
    EngineOptions options;
    options.prefix_cache = false;
    house_ = std::make_unique<House>(std::move(options), 256, false);
    house_->backend->script = script();
  }

  Completion run(unsigned seed) { return house_->run(any_request(seed, thinks_)); }

  /// Now and then the model's logits are no numbers, or end a think block.
  static std::function<std::optional<TokenId>(std::span<const TokenId>)> script() {
    return [](std::span<const TokenId> history) -> std::optional<TokenId> {
      const auto sum = history.size() * 7 + static_cast<std::size_t>(history.back());
      if (sum % 499 == 0) return -1;
      return sum % 41 == 0 ? std::optional<TokenId>(kThinkClose) : std::nullopt;
    };
  }

 private:
  bool thinks_;
  std::unique_ptr<House> house_;
};

bool begins_with(const std::vector<TokenId>& whole, const std::vector<TokenId>& part) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

/// How often a step began before the one before it was collected.
std::int64_t overlaps_of(const std::vector<std::string>& events) {
  std::int64_t in_flight = 0;
  std::int64_t overlaps = 0;
  for (const std::string& event : events) {
    if (event.starts_with("begin")) overlaps += in_flight++;
    if (event.starts_with("collect")) --in_flight;
  }
  EXPECT_EQ(in_flight, 0) << "what had begun was not collected";
  return overlaps;
}

TEST_F(EngineOverlap, GivesWhatTheHostGivesWhateverHappensAround) {
  constexpr unsigned kRequests = 60;
  std::map<FinishReason, int> reasons;
  for (unsigned seed = 0; seed < 48; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const bool thinks = seed % 2 == 0;
    const bool cancels = seed % 4 >= 2;
    const bool expires = seed % 3 == 0;
    std::atomic<std::int64_t> ticks = 0;
    const auto at = [](std::int64_t s) {
      return Engine::Clock::time_point(std::chrono::seconds(s));
    };
    EngineOptions options;
    options.scheduler.max_running = 1 + static_cast<int>(random() % 12);
    options.scheduler.max_step_tokens =
        options.scheduler.max_running + static_cast<int>(random() % 60);
    options.prefix_cache = seed % 5 != 0;
    options.now = [&] { return at(ticks); };
    const std::int64_t budget = options.scheduler.max_step_tokens;
    House house(std::move(options), 12 + static_cast<int>(random() % 40));
    house.backend->script = Alone::script();
    house.overlapping->on_call = [&](Call, std::int64_t) -> Result<void> {
      ++ticks;
      if (cancels && random() % 8 == 0) house.engine->cancel(1 + random() % kRequests);
      const EngineStats stats = house.engine->stats();
      EXPECT_LE(stats.kv_blocks_used + stats.kv_blocks_reserved, stats.kv_blocks);
      return {};
    };
    std::vector<std::shared_ptr<Outcome>> outcomes;
    for (unsigned i = 0; i < kRequests; ++i) {
      auto request = any_request(seed * kRequests + i, thinks);
      if (expires && i % 5 == 0) request.deadline = at(i * 20);
      outcomes.push_back(house.submit(std::move(request)));
    }
    Alone alone(thinks);
    std::int64_t tokens = 0;
    for (unsigned i = 0; i < kRequests; ++i) {
      SCOPED_TRACE(i);
      const Completion& got = outcomes[i]->wait();
      const Completion wanted = alone.run(seed * kRequests + i);
      ++reasons[got.reason];
      tokens += std::ssize(got.tokens);
      const bool is_cut =
          got.reason == FinishReason::cancelled || got.reason == FinishReason::expired;
      EXPECT_TRUE(got.reason != FinishReason::cancelled || cancels);
      EXPECT_TRUE(got.reason != FinishReason::expired || (expires && i % 5 == 0));
      if (!is_cut) expect_same(got, wanted);
      EXPECT_TRUE(begins_with(wanted.tokens, got.tokens));
    }
    house.engine->stop();
    const EngineStats stats = house.engine->stats();
    EXPECT_EQ(stats.kv_blocks_used + stats.kv_blocks_reserved, 0);
    EXPECT_EQ(stats.steps, house.backend->num_steps);
    EXPECT_LE(house.backend->max_step_tokens, budget);
    EXPECT_GT(overlaps_of(house.overlapping->events), stats.steps / 2);
    if (!thinks) {  // Else some came before any step.
      EXPECT_EQ(stats.generated_tokens, tokens);
    }
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome->times(), 1);
  }
  for (const auto reason : {FinishReason::stop, FinishReason::length, FinishReason::cancelled,
                            FinishReason::expired, FinishReason::error}) {
    EXPECT_GT(reasons[reason], 20) << to_string(reason);
  }
}

/// The order of calls, and of completions between them.
std::vector<std::string> events_of(House& house, GenerationRequest request) {
  auto& events = house.overlapping->events;
  auto [outcome, callbacks] = Outcome::make();
  callbacks.on_done = [&events, theirs = callbacks.on_done](Completion completion) {
    events.emplace_back("done");
    theirs(std::move(completion));
  };
  EXPECT_TRUE(house.engine->submit(std::move(request), std::move(callbacks)));
  outcome->wait();
  house.engine->stop();
  return events;
}

TEST_F(EngineOverlap, BeginsAStepBeforeItCollectsTheOneBefore) {
  House house;
  house.backend->script = [](auto) { return TokenId{0}; };
  EXPECT_THAT(events_of(house, request_of({1}, 3)),
              ElementsAre("begin 0", "choose 0",               //
                          "begin 1", "collect 0", "choose 1",  //
                          "begin 2", "collect 1", "choose 2",  //
                          "collect 2", "done"));               // No more tokens, no more steps.
}

TEST_F(EngineOverlap, CompletesAtOnceWhatHasEndedWhileTheNextStepRuns) {
  House house;
  house.answer("pq", "a");
  EXPECT_THAT(events_of(house, request_of(ids("pq"), 9)),
              ElementsAre("begin 0", "choose 0",                       //
                          "begin 1", "collect 0", "choose 1",          //
                          "begin 2", "collect 1", "done", "choose 2",  //
                          "collect 2"));
  EXPECT_EQ(house.engine->stats().generated_tokens, 1);
}

TEST_F(EngineOverlap, CompletesAtOnceWhatIsCancelledWhileAStepRuns) {
  House house;
  house.backend->script = [](auto) { return TokenId{0}; };
  house.overlapping->on_call = [&](Call call, std::int64_t step) -> Result<void> {
    if (call == Call::choose && step == 1) house.engine->cancel(1);
    return {};
  };
  EXPECT_THAT(
      events_of(house, request_of({1}, 9)),
      ElementsAre("begin 0", "choose 0", "begin 1", "collect 0", "choose 1", "done", "collect 1"));
  const EngineStats stats = house.engine->stats();
  EXPECT_EQ(stats.generated_tokens, 1);
  EXPECT_EQ(stats.kv_blocks_used + stats.kv_blocks_reserved, 0);
}

TEST_F(EngineOverlap, KeepsNothingOfWhatAStepComputedForOneThatHadEnded) {
  for (const bool ends : {true, false}) {
    House house;
    house.backend->script = [](std::span<const TokenId> history) {
      return static_cast<TokenId>(history.size() % 26);
    };
    auto request = request_of(std::vector<TokenId>(14, 3), 9);
    // Its 16th token fills a block, and is computed by a step that begins before it is known.
    if (ends) request.stop = {"p"};
    const Completion first = house.run(request);
    EXPECT_EQ(first.text, ends ? "o" : "opqrstuvw");
    auto second = request_of(request.prompt);
    second.prompt.insert(second.prompt.end(), first.tokens.begin(), first.tokens.begin() + 2);
    second.prompt.push_back(7);
    EXPECT_EQ(house.run(second).cached_tokens, ends ? 0 : 16);
  }
}

TEST_F(EngineOverlap, SharesWhatAStepThatStillRunsComputes) {
  House house({.scheduler = {.max_running = 4, .max_step_tokens = 32}});
  std::binary_semaphore submitted(0);
  house.backend->on_step = [&](std::int64_t step) -> Result<void> {
    if (step == 0) submitted.acquire();
    return {};
  };
  const auto request = request_of(std::vector<TokenId>(64, 1), 4);
  auto first = house.submit(request);
  auto second = house.submit(request);
  submitted.release();
  expect_same(second->wait(), first->wait());
  EXPECT_EQ(second->wait().cached_tokens, 48);
}

TEST_F(EngineOverlap, TakesWhatWaitsWhileAStepRunsIntoTheNext) {
  House house;
  house.backend->script = [](auto) { return TokenId{0}; };
  std::shared_ptr<Outcome> late;
  house.overlapping->on_call = [&](Call call, std::int64_t step) -> Result<void> {
    if (call == Call::choose && step == 2) late = house.submit(request_of({2}, 2));
    return {};
  };
  EXPECT_THAT(events_of(house, request_of({1}, 3)), Not(testing::IsEmpty()));
  // Of the first nothing is left to begin: the second does not wait until it is collected.
  const auto& events = house.overlapping->events;
  EXPECT_LT(std::ranges::find(events, "begin 3"), std::ranges::find(events, "collect 2"));
  EXPECT_EQ(late->times(), 1);
}

}  // namespace
}  // namespace sluice::inference
