// The scheduler, driven by a stand-in for the engine that appends a token wherever a step wants
// logits. Each promise of the header has its test; at the end random use, with every step checked
// for its budget, its blocks and its progress.

#include "inference/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

namespace sluice::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Clock = Scheduler::Clock;
using Parts = std::vector<std::pair<GenerationId, std::int64_t>>;

/// A scheduler, its blocks, and the tracks that it was given.
struct House {
  explicit House(const SchedulerOptions& options = {}, std::int64_t num_blocks = 64)
      : pool(num_blocks), scheduler(options, pool) {}

  /// A track whose prompt is `prompt_tokens` times its own token.
  Track& make(std::int64_t prompt_tokens, std::int64_t max_tokens, int priority = 0) {
    Track& track = tracks.emplace_back();
    track.id = tracks.size();
    track.tokens.assign(static_cast<std::size_t>(prompt_tokens), static_cast<TokenId>(track.id));
    track.prompt_tokens = prompt_tokens;
    track.max_tokens = max_tokens;
    track.priority = priority;
    return track;
  }

  Track& submit(std::int64_t prompt_tokens, std::int64_t max_tokens, int priority = 0) {
    Track& track = make(prompt_tokens, max_tokens, priority);
    const auto queued = scheduler.enqueue(track);
    EXPECT_TRUE(queued) << (queued ? "" : queued.error().detail);
    return track;
  }

  /// One step; which generations ran, with how many tokens.
  Parts step(Clock::time_point now = {}) {
    last = scheduler.schedule(now);
    Parts parts;
    std::vector<Track*> sampled;
    for (const StepItem& item : last.items) {
      parts.emplace_back(item.track->id, item.num_tokens);
      if (item.wants_logits) sampled.push_back(item.track);
    }
    scheduler.settle(last);
    for (Track* track : sampled) {
      track->tokens.push_back(-1);
      if (std::ssize(track->tokens) < track->prompt_tokens + track->max_tokens) continue;
      scheduler.finish(*track);
      finished.push_back(track->id);
    }
    return parts;
  }

  std::deque<Track> tracks;
  BlockPool pool;
  Scheduler scheduler;
  Step last;
  std::vector<GenerationId> finished;
};

TEST(Scheduler, RunsDecodesInEveryStepAndPromptsInWhatIsLeft) {
  House house({.max_running = 4, .max_step_tokens = 10});
  house.submit(3, 5);
  house.submit(18, 5);
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 3), Pair(2, 7)));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, 9)));
  house.submit(2, 2);
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, 2), Pair(3, 2)));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, 1), Pair(3, 1)));
  EXPECT_THAT(house.finished, ElementsAre(3));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, 1)));
}

TEST(Scheduler, AdmitsByPriorityAndThenByArrival) {
  House house({.max_running = 1, .max_step_tokens = 8});
  house.submit(1, 1, 0);
  house.submit(1, 1, 5);
  house.submit(1, 1, -5);
  house.submit(1, 1, 5);
  for (int i = 0; i < 4; ++i) house.step();
  EXPECT_THAT(house.finished, ElementsAre(2, 4, 1, 3));
}

TEST(Scheduler, ComputesPromptsByPriority) {
  House house({.max_running = 4, .max_step_tokens = 8});
  house.submit(20, 1, 0);
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 8)));
  house.submit(8, 1, 1);
  EXPECT_THAT(house.step(), ElementsAre(Pair(2, 8)));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 8)));
}

TEST(Scheduler, LetsNoPromptDelayADecode) {
  House house({.max_running = 4, .max_step_tokens = 8});
  house.submit(2, 9, -1);
  house.step();
  house.submit(30, 1, 1);
  for (int i = 0; i < 4; ++i)
    EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, testing::Le(7))));
}

TEST(Scheduler, PassesNobodyOverMoreOftenThanAllowedInTheQueue) {
  House house({.max_running = 1, .max_step_tokens = 8, .max_passed_over = 3});
  house.submit(1, 1, -1000);
  for (int i = 0; i < 10; ++i) {
    house.submit(1, 1, 1000);
    house.step();
  }
  EXPECT_EQ(std::ranges::find(house.finished, 1U) - house.finished.begin(), 3);
}

TEST(Scheduler, PassesNobodyOverMoreOftenThanAllowedAmongPrompts) {
  House house({.max_running = 4, .max_step_tokens = 8, .max_passed_over = 3});
  house.submit(16, 1, 0);
  house.step();
  for (int i = 0; i < 10; ++i) {
    house.submit(8, 1, 1);
    house.step();
  }
  EXPECT_EQ(std::ranges::find(house.finished, 1U) - house.finished.begin(), 3);
}

TEST(Scheduler, AdmitsOnlyWhatHasRoomForItsWorstCase) {
  House house({.max_running = 8, .max_step_tokens = 64}, 10);
  house.submit(16, 80);  // 6 blocks of 10.
  house.submit(16, 64);  // 5: waits, and so does the small one behind it.
  house.submit(1, 1);
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 16)));
  EXPECT_EQ(house.scheduler.num_waiting(), 2);
  while (house.finished.empty()) EXPECT_EQ(house.step().size(), 1U);
  EXPECT_EQ(house.step().size(), 2U);
}

TEST(Scheduler, CountsWhatIsInTheCacheAlready) {
  House house({.max_running = 8, .max_step_tokens = 64}, 10);
  Track& first = house.submit(49, 16);  // 5 blocks, 3 of them full after the prompt.
  house.step();
  Track& second = house.make(49, 79);  // 8 blocks, of which 3 are the first one's.
  second.tokens = std::vector<TokenId>(49, first.tokens[0]);
  ASSERT_TRUE(house.scheduler.enqueue(second));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, 1)));
  EXPECT_EQ(second.cached_tokens, 48);
  EXPECT_LE(house.pool.num_used() + house.pool.num_reserved(), 10);
}

TEST(Scheduler, LetsABurstOfTheSameBeginningComputeItOnce) {
  House house({.max_running = 8, .max_step_tokens = 32});
  Track& first = house.submit(64, 4);
  Track& second = house.make(64, 4);
  second.tokens = first.tokens;
  ASSERT_TRUE(house.scheduler.enqueue(second));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 32)));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 32)));
  EXPECT_THAT(house.step(), ElementsAre(Pair(1, 1), Pair(2, 16)));  // The last block, once more.
  EXPECT_EQ(second.cached_tokens, 48);
}

TEST(Scheduler, RefusesWhatTheQueueHasNoRoomFor) {
  House house({.max_running = 1,
               .max_step_tokens = 8,
               .max_queued_requests = 3,
               .max_queued_prompt_tokens = 20});
  const auto refused = [&](std::int64_t prompt_tokens, std::int64_t max_tokens = 1) {
    const auto queued = house.scheduler.enqueue(house.make(prompt_tokens, max_tokens));
    return queued ? "taken" : (queued.error().code == Errc::resource_exhausted ? "full" : "never");
  };
  EXPECT_STREQ(refused(64 * 16, 1), "never");
  EXPECT_STREQ(refused(30), "taken");  // Alone it may be longer than the bound.
  EXPECT_STREQ(refused(1), "full");
  house.step();
  EXPECT_STREQ(refused(10), "taken");
  EXPECT_STREQ(refused(11), "full");
  EXPECT_STREQ(refused(5), "taken");
  EXPECT_EQ(house.scheduler.waiting_prompt_tokens(), 15);
  EXPECT_STREQ(refused(5), "taken");
  EXPECT_STREQ(refused(0), "full");
  while (house.scheduler.has_work()) house.step();
  EXPECT_EQ(house.scheduler.waiting_prompt_tokens(), 0);
}

TEST(Scheduler, EndsWhatHasExpiredWhetherItWaitsOrRuns) {
  House house({.max_running = 1, .max_step_tokens = 8});
  const auto at = [](int seconds) { return Clock::time_point(std::chrono::seconds(seconds)); };
  Track& running = house.submit(4, 50);
  running.deadline = at(10);
  Track& waiting = house.submit(4, 50);
  waiting.deadline = at(5);
  EXPECT_THAT(house.step(at(4)), ElementsAre(Pair(1, 4)));
  EXPECT_THAT(house.step(at(5)), ElementsAre(Pair(1, 1)));
  EXPECT_THAT(house.last.ended, ElementsAre(Pair(&waiting, FinishReason::expired)));
  EXPECT_THAT(house.step(at(11)), IsEmpty());
  EXPECT_THAT(house.last.ended, ElementsAre(Pair(&running, FinishReason::expired)));
  EXPECT_FALSE(house.scheduler.has_work());
  EXPECT_EQ(house.pool.num_used() + house.pool.num_reserved(), 0);
}

TEST(Scheduler, EndsWhatWasCancelledWithTheNextStep) {
  House house({.max_running = 1, .max_step_tokens = 8});
  house.submit(20, 50);
  house.submit(4, 50);
  house.submit(2, 50);
  house.step();
  EXPECT_TRUE(house.scheduler.cancel(1));
  EXPECT_TRUE(house.scheduler.cancel(2));
  EXPECT_FALSE(house.scheduler.cancel(9));
  EXPECT_THAT(house.step(), ElementsAre(Pair(3, 2)));
  EXPECT_EQ(house.last.ended.size(), 2U);
  EXPECT_FALSE(house.scheduler.cancel(1));
}

TEST(Scheduler, DropsWhatRanWhenTheCacheIsLost) {
  House house({.max_running = 2, .max_step_tokens = 64});
  house.submit(40, 50);
  house.submit(40, 50);
  house.submit(40, 50);
  house.step();
  EXPECT_EQ(house.scheduler.drop_running().size(), 2U);
  EXPECT_EQ(house.pool.num_unused(), house.pool.num_blocks());
  EXPECT_THAT(house.step(), ElementsAre(Pair(3, 40)));
  EXPECT_THAT(house.scheduler.drop_waiting(), IsEmpty());
}

TEST(Scheduler, BringsEverythingToAnEndUnderRandomUse) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t limit) { return static_cast<int>(random() % limit); };
    const SchedulerOptions options{.max_running = 1 + below(6),
                                   .max_step_tokens = 6 + below(40),
                                   .max_queued_requests = 8,
                                   .max_passed_over = 4};
    House house(options, 12 + below(20));
    std::map<GenerationId, int> ended;
    std::int64_t steps_left = 0;  // Each step computes a token that has to be computed.
    for (int i = 0; i < 400; ++i) {
      if (i < 250 && below(3) == 0) {
        Track& track = house.make(1 + below(100), 1 + below(60), below(3));
        if (below(2) == 0) std::ranges::fill(track.tokens, 7);
        if (house.scheduler.enqueue(track)) {
          ended[track.id] = 0;
          steps_left += track.prompt_tokens + track.max_tokens;
        }
      }
      if (below(10) == 0) house.scheduler.cancel(1 + random() % (house.tracks.size() + 1));
      if (!house.scheduler.has_work()) continue;
      const Parts parts = house.step();
      std::int64_t tokens = 0;
      for (const auto& [id, count] : parts) tokens += count;
      ASSERT_LE(tokens, options.max_step_tokens);
      ASSERT_LE(std::ssize(parts), options.max_running);
      ASSERT_LE(house.pool.num_used() + house.pool.num_reserved(), house.pool.num_blocks());
      for (const auto& [track, reason] : house.last.ended) ++ended[track->id];
      steps_left -= tokens;
      ASSERT_GE(steps_left, 0);
    }
    while (house.scheduler.has_work()) {
      ASSERT_GE(steps_left--, 0);
      house.step();
      for (const auto& [track, reason] : house.last.ended) ++ended[track->id];
    }
    for (const GenerationId id : house.finished) ++ended[id];
    for (const auto& [id, times] : ended) EXPECT_EQ(times, 1) << id;
    EXPECT_EQ(house.pool.num_used() + house.pool.num_reserved(), 0);
  }
}

}  // namespace
}  // namespace sluice::inference
