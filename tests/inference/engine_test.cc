// The engine on a backend whose logits are a hash of all tokens so far, as the blocks have them.
// What it makes of a request is held against a straight recomputation, alone and among others; its
// steps fail, block, and call back into it where the test says so. No test waits for time to pass.
// All of it on both kinds of runners.

#include "tests/inference/engine_fixtures.h"
#include "tests/inference/request_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <random>
#include <semaphore>
#include <thread>

namespace sluice::inference {
namespace {

using testing::HasSubstr;

class EngineTest : public OnBothRunners {};
INSTANTIATE_TEST_SUITE_P(On, EngineTest, testing::Bool(), runner_name);

/// The same by the shortest way: no blocks, no steps, no others.
Completion straight(const FakeBackend& backend, const GenerationRequest& request) {
  const Vocabulary vocabulary = make_vocabulary();
  Sampler sampler(vocabulary, kRows);
  TokenCounts counts;
  if (request.sampling.repetition_penalty != 1) counts.add_prompt(request.prompt);
  Completion completion;
  completion.reason = FinishReason::length;
  auto history = request.prompt;
  while (std::ssize(completion.tokens) < request.max_tokens) {
    auto logits = backend.logits_of(history);
    const auto chosen = sampler.choose(request.sampling, counts, {logits, {}, history.size()});
    if (std::ranges::count(request.stop_token_ids, chosen.value().id) > 0) {
      completion.reason = FinishReason::stop;
      break;
    }
    counts.add(chosen.value().id);
    history.push_back(chosen.value().id);
    completion.tokens.push_back(chosen.value().id);
    completion.text += chosen.value().id < kEos ? vocabulary.at(chosen.value().id).bytes : "";
    if (request.sampling.top_logprobs >= 0) completion.logprobs.push_back(chosen.value());
  }
  completion.text = to_valid_utf8(completion.text);
  return completion;
}

TEST_P(EngineTest, GivesTheSameAloneAndInRandomBatches) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    EngineOptions options;
    options.scheduler.max_running = 1 + static_cast<int>(random() % 16);
    options.scheduler.max_step_tokens =
        options.scheduler.max_running + static_cast<int>(random() % 60);
    options.prefix_cache = seed % 3 != 0;
    const std::int64_t budget = options.scheduler.max_step_tokens;
    House house(std::move(options), 12 + static_cast<int>(random() % 60));
    house.backend->on_step = [&](std::int64_t) -> Result<void> {
      const EngineStats stats = house.engine->stats();
      EXPECT_LE(stats.kv_blocks_used + stats.kv_blocks_reserved, stats.kv_blocks);
      return {};
    };
    std::vector<std::pair<GenerationRequest, std::shared_ptr<Outcome>>> all;
    for (int i = 0; i < 60; ++i) {
      const auto request = random_request(random);
      all.emplace_back(request, house.submit(request));
    }
    // Each step computes at least one token; of each request perhaps one behind its end.
    std::int64_t bound = GetParam() ? std::ssize(all) : 0;
    for (auto& [request, outcome] : all) {
      expect_same(outcome->wait(), straight(*house.backend, request));
      bound += std::ssize(request.prompt) + request.max_tokens;
    }
    house.engine->stop();
    EXPECT_LE(house.backend->num_steps, bound);
    EXPECT_LE(house.backend->max_step_tokens, budget);
    const EngineStats stats = house.engine->stats();
    EXPECT_EQ(stats.kv_blocks_used + stats.kv_blocks_reserved, 0);
    EXPECT_EQ(stats.cached_tokens > 0, seed % 3 != 0);
  }
}

TEST_P(EngineTest, GivesTheSameWhetherThePrefixIsInTheCacheOrNot) {
  House house;
  auto request = request_of(std::vector<TokenId>(64, 3), 40);
  request.sampling = {.temperature = 1, .seed = 5, .top_logprobs = 3};
  const Completion miss = house.run(request);
  EXPECT_EQ(miss.cached_tokens, 0);
  const Completion hit = house.run(request);
  EXPECT_EQ(hit.cached_tokens, 48);  // The last token is always computed.
  expect_same(hit, miss);
  request.prompt.push_back(4);
  EXPECT_EQ(house.run(request).cached_tokens, 64);
  request.prompt[0] = 4;
  EXPECT_EQ(house.run(request).cached_tokens, 0);
}

TEST_P(EngineTest, CancelsAtAnyStep) {
  const auto request = request_of(std::vector<TokenId>(50, 1), 20);
  for (std::int64_t at = 0; at < 30; ++at) {
    SCOPED_TRACE(at);
    House house({.scheduler = {.max_running = 4, .max_step_tokens = 10}});
    house.backend->script = [](auto) { return TokenId{0}; };
    std::counting_semaphore<> submitted(0);
    GenerationId victim = 0;
    house.backend->on_step = [&](std::int64_t step) -> Result<void> {
      if (step == 0) submitted.acquire();
      if (step == at) house.engine->cancel(victim);
      return {};
    };
    auto outcome = house.submit(request);
    victim = house.last_id;
    auto other = house.submit(request_of({2, 2}, 30));
    submitted.release();
    const Completion& completion = outcome->wait();
    EXPECT_EQ(other->wait().reason, FinishReason::length);
    // The prompt takes 6 steps of at most 10; each of the later ones makes a token.
    const std::int64_t tokens = std::min<std::int64_t>(20, std::max<std::int64_t>(0, at - 4));
    EXPECT_LE(std::abs(std::ssize(completion.tokens) - tokens), GetParam() ? 2 : 1);
    EXPECT_EQ(completion.reason,
              std::ssize(completion.tokens) < 20 ? FinishReason::cancelled : FinishReason::length);
    EXPECT_EQ(completion.text, std::string(completion.tokens.size(), 'a'));
    house.engine->cancel(victim);  // It has ended: nothing happens.
    house.engine->stop();
    EXPECT_EQ(house.engine->stats().kv_blocks_used, 0);
  }
}

TEST_P(EngineTest, EndsWhatHasExpiredBeforeAndInTheMiddle) {
  std::atomic<int> seconds = 0;
  const auto at = [](int s) { return Engine::Clock::time_point(std::chrono::seconds(s)); };
  House house(
      {.scheduler = {.max_running = 1, .max_step_tokens = 8}, .now = [&] { return at(seconds); }});
  house.backend->script = [](auto) { return TokenId{0}; };
  house.backend->on_step = [&](std::int64_t) -> Result<void> { return ++seconds, Result<void>(); };
  auto running = request_of({1}, 100);
  running.deadline = at(10);
  auto waiting = request_of({1}, 100);
  waiting.deadline = at(5);
  auto late = request_of({1}, 100);
  late.deadline = at(0);
  auto first = house.submit(running);
  auto second = house.submit(waiting);
  const Completion& in_the_middle = first->wait();
  EXPECT_EQ(in_the_middle.reason, FinishReason::expired);
  EXPECT_EQ(in_the_middle.text, std::string(GetParam() ? 9 : 10, 'a'));  // One was in flight.
  EXPECT_GE(in_the_middle.time_to_first_token, std::chrono::seconds(1));
  EXPECT_EQ(second->wait().reason, FinishReason::expired);
  EXPECT_TRUE(second->wait().tokens.empty());
  EXPECT_EQ(house.run(late).reason, FinishReason::expired);
}

TEST_P(EngineTest, RefusesWhatTheQueueHasNoRoomFor) {
  House house({.scheduler = {.max_running = 1, .max_step_tokens = 8, .max_queued_requests = 2}});
  std::binary_semaphore began(0);
  std::binary_semaphore go_on(0);
  house.backend->on_step = [&](std::int64_t step) -> Result<void> {
    if (step > 0) return {};
    began.release();
    go_on.acquire();
    return {};
  };
  auto first = house.submit(request_of({1}));
  began.acquire();
  auto second = house.submit(request_of({1, 2}));
  auto third = house.submit(request_of({1, 2, 3}));
  auto [outcome, callbacks] = Outcome::make();
  const auto refused = house.engine->submit(request_of({1}), std::move(callbacks));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_EQ(house.engine->stats().queued_requests, 2);
  EXPECT_EQ(house.engine->stats().queued_prompt_tokens, 5);
  EXPECT_EQ(house.engine->stats().running, 1);
  go_on.release();
  for (const auto& taken : {first, second, third}) taken->wait();
  EXPECT_EQ(outcome->times(), 0);
}

TEST_P(EngineTest, EndsWhatRunsWithTheErrorOfTheStepAndGoesOn) {
  House house({.scheduler = {.max_running = 2, .max_step_tokens = 16}});
  std::counting_semaphore<> submitted(0);
  house.backend->on_step = [&](std::int64_t step) -> Result<void> {
    if (step == 0) submitted.acquire();
    if (step == 4) return fail(Errc::unavailable, "the device is gone");
    return {};
  };
  std::vector<std::shared_ptr<Outcome>> outcomes;
  const auto request = request_of(std::vector<TokenId>(33, 1), 20);
  for (int i = 0; i < 4; ++i) outcomes.push_back(house.submit(request));
  submitted.release();
  for (int i = 0; i < 2; ++i) {
    const Completion& completion = outcomes[static_cast<std::size_t>(i)]->wait();
    EXPECT_EQ(completion.reason, FinishReason::error);
    EXPECT_EQ(completion.error, "the device is gone");
    EXPECT_EQ(completion.error_code, Errc::unavailable);
  }
  const auto wanted = straight(*house.backend, request);
  expect_same(outcomes[2]->wait(), wanted);
  expect_same(outcomes[3]->wait(), wanted);
  EXPECT_EQ(outcomes[2]->wait().cached_tokens, 0);  // What was in the cache is not trusted.
  EXPECT_EQ(house.engine->stats().failed_steps, 1);
}

TEST_P(EngineTest, EndsOneGenerationAloneWhenItsLogitsAreNoNumbers) {
  House house;
  house.backend->script = [](std::span<const TokenId> history) {
    return history[0] == 0 && history.size() == 3 ? std::optional<TokenId>(-1) : std::nullopt;
  };
  const auto good = request_of({1}, 5);
  auto first = house.submit(request_of({0}, 5));
  auto second = house.submit(good);
  EXPECT_EQ(first->wait().reason, FinishReason::error);
  EXPECT_EQ(first->wait().error, "the model's logits are not finite");
  EXPECT_EQ(first->wait().tokens.size(), 2U);
  expect_same(second->wait(), straight(*house.backend, good));
}

TEST_P(EngineTest, EndsEverythingAsCancelledWhenItStops) {
  House house({.scheduler = {.max_running = 2, .max_step_tokens = 16}});
  std::binary_semaphore began(0);
  std::binary_semaphore go_on(0);
  house.backend->on_step = [&](std::int64_t step) -> Result<void> {
    if (step != 2) return {};
    began.release();
    go_on.acquire();
    return {};
  };
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 5; ++i) outcomes.push_back(house.submit(request_of({1, 2, 3}, 50)));
  began.acquire();
  std::thread one([&] { house.engine->stop(); });
  std::thread two([&] { house.engine->stop(); });
  const auto is_refused = [&] {
    const auto taken = house.engine->submit(request_of({1}), {});
    return !taken && taken.error().code == Errc::cancelled;
  };
  while (!is_refused()) std::this_thread::yield();  // It is stopping, and the step still runs.
  go_on.release();
  one.join();
  two.join();
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(outcome->times(), 1);
    EXPECT_EQ(outcome->wait().reason, FinishReason::cancelled);
  }
  EXPECT_TRUE(is_refused());
}

TEST_P(EngineTest, RefusesRequestsThatCannotBe) {
  House house({.max_context = 100});
  EXPECT_EQ(house.engine->max_context(), 100);
  const auto change = [](auto&& what) {
    auto request = request_of({1});
    what(request);
    return request;
  };
  const std::pair<GenerationRequest, const char*> table[] = {
      {change([](auto& r) { r.prompt.clear(); }), "the prompt is empty"},
      {change([](auto& r) { r.prompt = {96}; }), "token 96 is not in the vocabulary"},
      {change([](auto& r) { r.prompt = {-1}; }), "token -1 is not in the vocabulary"},
      {change([](auto& r) { r.max_tokens = 0; }), "max_tokens is less than 1"},
      {change([](auto& r) { r.max_tokens = 100; }), "are more than the context of 100"},
      {change([](auto& r) { r.max_tokens = INT64_MAX; }), "are more than the context of 100"},
      {change([](auto& r) { r.stop = {""}; }), "a stop text is empty"},
      {change([](auto& r) { r.stop = {"\xFF"}; }), "not UTF-8"},
      {change([](auto& r) { r.sampling.top_p = 2; }), "top_p"},
      {change([](auto& r) { r.max_thinking_tokens = -1; }), "max_thinking_tokens is negative"},
  };
  for (const auto& [request, text] : table) {
    const auto refused = house.engine->submit(request, {});
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_THAT(refused.error().detail, HasSubstr(text));
  }
  EXPECT_EQ(House({}, 4).engine->max_context(), 64);
}

TEST_P(EngineTest, CompletesEachRequestOnceWithManyThreadsCancelsAndFailures) {
  House house({.scheduler = {.max_running = 6, .max_step_tokens = 24, .max_queued_requests = 20}},
              40);
  house.backend->on_step = [](std::int64_t step) -> Result<void> {
    if (step % 37 == 36) return fail(Errc::internal, "now and then");
    return {};
  };
  std::array<std::atomic<int>, 5> reasons{};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      std::vector<std::shared_ptr<Outcome>> outcomes;
      for (int i = 0; i < 60; ++i) {
        const auto request = random_request(random);
        auto [outcome, callbacks] = Outcome::make();
        const auto id = house.engine->submit(request, std::move(callbacks));
        if (!id) {
          EXPECT_EQ(id.error().code, Errc::resource_exhausted);
          if (!outcomes.empty()) outcomes[random() % outcomes.size()]->wait();
          continue;
        }
        outcomes.push_back(outcome);
        if (random() % 8 == 0) house.engine->cancel(id.value());
        if (random() % 8 == 0) static_cast<void>(house.engine->stats());
        if (random() % 4 != 0) continue;
        const Completion& completion = outcome->wait();
        if (completion.reason == FinishReason::stop || completion.reason == FinishReason::length) {
          wrong += completion.tokens != straight(*house.backend, request).tokens ? 1 : 0;
        }
      }
      for (const auto& outcome : outcomes) {
        ++reasons[static_cast<std::size_t>(outcome->wait().reason)];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const EngineStats stats = house.engine->stats();
  for (std::size_t i = 0; i < reasons.size(); ++i) EXPECT_EQ(stats.ended[i], reasons[i]) << i;
  EXPECT_EQ(stats.running + stats.queued_requests + stats.kv_blocks_used, 0);
}

}  // namespace
}  // namespace sluice::inference
