// Steps that fail, and devices that are lost, at each call of each step: what runs ends once, what
// waits goes on as if nothing had been, on the same backend or on the one that is built anew. That
// one may be smaller, get lost as well, or never come.

#include "tests/inference/engine_fixtures.h"
#include "tests/inference/request_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <semaphore>
#include <thread>

namespace sluice::inference {
namespace {

using testing::HasSubstr;
using Call = StepCall;
using State = EngineReadiness::State;

/// A house whose backends get lost: backend number `i`, from 0, at what `when` says of it.
struct Losing {
  using When = std::function<bool(int backend, Call call, std::int64_t step)>;
  using Rebuild = std::function<Result<std::unique_ptr<Backend>>(const Error&)>;

  explicit Losing(When when, EngineOptions options = two_at_a_time(), std::int64_t num_blocks = 64)
      : when_(std::move(when)) {
    options.rebuild = [this](const Error& why) -> Result<std::unique_ptr<Backend>> {
      EXPECT_TRUE(life_.expired()) << "the lost backend is still there";
      EXPECT_EQ(house->engine->readiness().state, State::rebuilding);
      EXPECT_THAT(house->engine->readiness().reason, HasSubstr(why.detail));
      ++num_rebuilds;
      return rebuild(why);
    };
    house = std::make_unique<House>(std::move(options), num_blocks);
    prepare(*house->backend, 0);
  }

  static EngineOptions two_at_a_time() {
    EngineOptions options;
    options.scheduler = {.max_running = 2, .max_step_tokens = 16};
    return options;
  }

  /// Another one of the kind that the house has.
  std::unique_ptr<Backend> make(std::int64_t num_blocks) {
    std::unique_ptr<FakeBackend> backend;
    if (House::overlaps) {
      backend = std::make_unique<OverlappingBackend>(num_blocks);
    } else {
      backend = std::make_unique<FakeBackend>(num_blocks);
    }
    prepare(*backend, num_rebuilds);
    return backend;
  }

  std::shared_ptr<Outcome> submit(std::vector<TokenId> prompt, std::int64_t max_tokens) {
    return house->submit(request_of(std::move(prompt), max_tokens));
  }

  /// The first step waits until this.
  void go() { submitted_.release(); }

  Rebuild rebuild = [this](const Error&) { return Result<std::unique_ptr<Backend>>(make(64)); };
  std::atomic<int> num_rebuilds = 0;
  std::unique_ptr<House> house;

 private:
  void prepare(FakeBackend& backend, int number) {
    life_ = backend.life;
    const auto lose = [this, &backend, number](Call call, std::int64_t step) -> Result<void> {
      if (!when_(number, call, step)) return {};
      backend.lost = true;
      return fail(Errc::internal, "illegal address");
    };
    backend.on_step = [this, lose, number](std::int64_t step) -> Result<void> {
      if (number == 0 && step == 0) submitted_.acquire();
      return House::overlaps ? Result<void>() : lose(Call::begin, step);
    };
    if (auto* overlapping = dynamic_cast<OverlappingBackend*>(&backend)) {
      overlapping->on_call = lose;
    }
  }

  When when_;
  std::weak_ptr<const bool> life_;  ///< Of the latest backend.
  std::binary_semaphore submitted_{0};
};

/// A prompt that others do not begin with.
std::vector<TokenId> prompt_of(TokenId own) { return std::vector<TokenId>(20, own); }

Completion alone(TokenId own, std::int64_t max_tokens) {
  House house({}, 256, false);
  return house.run(request_of(prompt_of(own), max_tokens));
}

class EngineLoss : public OnBothRunners {};
INSTANTIATE_TEST_SUITE_P(On, EngineLoss, testing::Bool(), runner_name);

TEST_P(EngineLoss, EndsWhatRunsOnceAndGoesOnWithAnotherBackend) {
  for (const Call lost_at : {Call::begin, Call::choose, Call::collect}) {
    if (!GetParam() && lost_at != Call::begin) continue;
    for (std::int64_t at = 0; at < 14; ++at) {
      SCOPED_TRACE(std::to_string(static_cast<int>(lost_at)) + " " + std::to_string(at));
      Losing losing([&](int backend, Call call, std::int64_t step) {
        return backend == 0 && call == lost_at && step == at;
      });
      std::vector<std::shared_ptr<Outcome>> outcomes;
      for (TokenId i = 0; i < 5; ++i) outcomes.push_back(losing.submit(prompt_of(i), 6));
      losing.go();
      int lost = 0;
      for (TokenId i = 0; i < 5; ++i) {
        const Completion& completion = outcomes[static_cast<std::size_t>(i)]->wait();
        if (completion.reason == FinishReason::error) {
          ++lost;
          EXPECT_EQ(completion.error_code, Errc::unavailable);
          EXPECT_EQ(completion.error, "the device was lost: illegal address");
        } else {
          expect_same(completion, alone(i, 6));
        }
      }
      EXPECT_GE(lost, 1);
      EXPECT_LE(lost, 2);
      // Those that were lost may have been the last: another is answered once it is rebuilt.
      expect_same(losing.submit(prompt_of(7), 6)->wait(), alone(7, 6));
      EXPECT_TRUE(losing.house->engine->is_ready());
      losing.house->engine->stop();
      const EngineStats stats = losing.house->engine->stats();
      EXPECT_EQ(stats.rebuilds, 1);
      EXPECT_EQ(stats.failed_steps, 1);
      EXPECT_EQ(stats.kv_blocks_used + stats.kv_blocks_reserved, 0);
      for (const auto& outcome : outcomes) EXPECT_EQ(outcome->times(), 1);
    }
  }
}

TEST_P(EngineLoss, GoesOnWithTheSameBackendWhereOnlyTheStepFailed) {
  for (const Call failed_at : {Call::begin, Call::choose, Call::collect}) {
    if (!GetParam() && failed_at != Call::begin) continue;
    for (std::int64_t at = 0; at < 10; ++at) {
      SCOPED_TRACE(std::to_string(static_cast<int>(failed_at)) + " " + std::to_string(at));
      House house(Losing::two_at_a_time());
      bool has_failed = false;
      std::binary_semaphore submitted(0);
      const auto fail_once = [&](Call call, std::int64_t step) -> Result<void> {
        if (call != failed_at || step != at || std::exchange(has_failed, true)) return {};
        return fail(Errc::internal, "out of memory");
      };
      house.backend->on_step = [&](std::int64_t step) -> Result<void> {
        if (step == 0) submitted.acquire();
        return GetParam() ? Result<void>() : fail_once(Call::begin, step);
      };
      if (GetParam()) house.overlapping->on_call = fail_once;
      std::vector<std::shared_ptr<Outcome>> outcomes;
      for (TokenId i = 0; i < 5; ++i) {
        outcomes.push_back(house.submit(request_of(prompt_of(i), 6)));
      }
      submitted.release();
      int failed = 0;
      for (TokenId i = 0; i < 5; ++i) {
        const Completion& completion = outcomes[static_cast<std::size_t>(i)]->wait();
        if (completion.reason != FinishReason::error) {
          expect_same(completion, alone(i, 6));
          continue;
        }
        ++failed;
        EXPECT_EQ(completion.error, "out of memory");
        EXPECT_EQ(completion.error_code, Errc::internal);
      }
      EXPECT_TRUE(failed == 1 || failed == 2) << failed;
      EXPECT_TRUE(house.engine->is_ready());
      EXPECT_EQ(house.engine->stats().failed_steps, 1);
      EXPECT_EQ(house.engine->stats().rebuilds, 0);
    }
  }
}

TEST_P(EngineLoss, IsNotReadyBeforeTheFirstHearsOfIt) {
  Losing losing([](int backend, Call, std::int64_t step) { return backend == 0 && step == 1; });
  Engine& engine = *losing.house->engine;
  std::atomic<bool> was_ready = true;
  auto [outcome, callbacks] = Outcome::make();
  callbacks.on_done = [&, theirs = callbacks.on_done](Completion completion) {
    was_ready = engine.is_ready();
    theirs(std::move(completion));
  };
  ASSERT_TRUE(engine.submit(request_of(prompt_of(1)), std::move(callbacks)));
  losing.go();
  outcome->wait();
  EXPECT_FALSE(was_ready);
}

TEST_P(EngineLoss, IsRebuiltWhereAnotherLostTheDeviceThoughNothingRuns) {
  Losing losing([](int, Call, std::int64_t) { return false; });
  std::binary_semaphore rebuilds(0);
  losing.rebuild = [&](const Error&) -> Result<std::unique_ptr<Backend>> {
    rebuilds.release();
    return losing.make(64);
  };
  losing.go();
  expect_same(losing.submit(prompt_of(1), 4)->wait(), alone(1, 4));
  losing.house->backend->lost = true;
  losing.house->backend->tell_lost();
  EXPECT_TRUE(rebuilds.try_acquire_for(std::chrono::seconds(20)));
  expect_same(losing.submit(prompt_of(2), 4)->wait(), alone(2, 4));
  const EngineStats stats = losing.house->engine->stats();
  EXPECT_EQ(stats.rebuilds, 1);
  EXPECT_EQ(stats.failed_steps, 0);
  EXPECT_TRUE(losing.house->engine->is_ready());
}

TEST_P(EngineLoss, EndsWhatRunsWhereAnotherLostTheDevice) {
  if (GetParam()) return;  // There the next call of the runner fails by itself.
  std::atomic<bool> tells = true;
  Losing losing([](int, Call, std::int64_t) { return false; });
  losing.house->backend->on_step = [&, go = losing.house->backend->on_step](std::int64_t step) {
    if (step == 3 && tells.exchange(false)) {
      losing.house->backend->lost = true;
      losing.house->backend->tell_lost();
    }
    return go(step);
  };
  auto first = losing.submit(prompt_of(1), 9);
  losing.go();
  EXPECT_EQ(first->wait().error_code, Errc::unavailable);
  EXPECT_THAT(first->wait().error, HasSubstr("another model of this process made it fail"));
  expect_same(losing.submit(prompt_of(2), 4)->wait(), alone(2, 4));
  EXPECT_EQ(losing.house->engine->stats().rebuilds, 1);
}

TEST_P(EngineLoss, TakesRequestsWhileItIsRebuilt) {
  Losing losing([](int backend, Call, std::int64_t step) { return backend == 0 && step == 2; });
  std::shared_ptr<Outcome> late;
  losing.rebuild = [&](const Error&) -> Result<std::unique_ptr<Backend>> {
    late = losing.submit(prompt_of(3), 5);
    return losing.make(64);
  };
  auto first = losing.submit(prompt_of(1), 9);
  losing.go();
  EXPECT_EQ(first->wait().reason, FinishReason::error);
  // Whoever is next finds it ready.
  losing.submit(prompt_of(2), 5)->wait();
  expect_same(late->wait(), alone(3, 5));
}

TEST_P(EngineLoss, FollowsABackendThatIsSmaller) {
  Losing losing([](int backend, Call, std::int64_t step) { return backend == 0 && step == 2; });
  losing.rebuild = [&](const Error&) -> Result<std::unique_ptr<Backend>> { return losing.make(6); };
  EXPECT_EQ(losing.house->engine->max_context(), 64 * 16);
  auto running = losing.submit(prompt_of(1), 9);
  auto other = losing.submit(prompt_of(2), 9);
  auto large = losing.submit(prompt_of(3), 77);
  auto whole = losing.submit(prompt_of(4), 76);
  auto small = losing.submit(prompt_of(5), 9);
  losing.go();
  EXPECT_EQ(running->wait().error_code, Errc::unavailable);
  EXPECT_EQ(other->wait().error_code, Errc::unavailable);
  EXPECT_EQ(large->wait().reason, FinishReason::error);
  EXPECT_EQ(large->wait().error_code, Errc::invalid_argument);
  EXPECT_THAT(large->wait().error, HasSubstr("more than the context of 96"));
  expect_same(whole->wait(), alone(4, 76));
  expect_same(small->wait(), alone(5, 9));
  Engine& engine = *losing.house->engine;
  EXPECT_EQ(engine.max_context(), 96);
  EXPECT_EQ(engine.stats().kv_blocks, 6);
  const auto refused = engine.submit(request_of(prompt_of(1), 77), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
}

TEST_P(EngineLoss, IsRebuiltAsOftenAsItIsLost) {
  Losing losing([](int backend, Call, std::int64_t step) { return backend < 3 && step == 1; });
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (TokenId i = 0; i < 8; ++i) outcomes.push_back(losing.submit(prompt_of(i), 4));
  losing.go();
  for (TokenId i = 0; i < 8; ++i) {
    const Completion& completion = outcomes[static_cast<std::size_t>(i)]->wait();
    EXPECT_EQ(completion.reason == FinishReason::error, i < 6) << i;
  }
  EXPECT_EQ(losing.house->engine->stats().rebuilds, 3);
  EXPECT_TRUE(losing.house->engine->is_ready());
}

/// Nothing of what there was or comes is answered, and each hears why.
void expect_lost_for_good(Engine& engine, const std::vector<std::shared_ptr<Outcome>>& outcomes,
                          const std::string& why) {
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(outcome->wait().reason, FinishReason::error);
    EXPECT_EQ(outcome->wait().error_code, Errc::unavailable);
  }
  EXPECT_THAT(outcomes.back()->wait().error, HasSubstr(why));
  EXPECT_EQ(engine.readiness().state, State::lost);
  EXPECT_THAT(engine.readiness().reason, HasSubstr(why));
  const auto refused = engine.submit(request_of({1}), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr(why));
  EXPECT_EQ(engine.stats().rebuilds, 0);
  engine.cancel(1);
  engine.stop();
  EXPECT_EQ(engine.submit(request_of({1}), {}).error().code, Errc::cancelled);
}

TEST_P(EngineLoss, RefusesEverythingWhenNoOtherBackendComes) {
  Losing losing([](int, Call, std::int64_t step) { return step == 3; });
  losing.rebuild = [](const Error&) -> Result<std::unique_ptr<Backend>> {
    return fail(Errc::resource_exhausted, "the GPU has 12 MiB left");
  };
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (TokenId i = 0; i < 4; ++i) outcomes.push_back(losing.submit(prompt_of(i), 9));
  losing.go();
  expect_lost_for_good(*losing.house->engine, outcomes, "the GPU has 12 MiB left");
}

TEST_P(EngineLoss, RefusesEverythingWhenNobodyCanRebuild) {
  House house(Losing::two_at_a_time());
  std::binary_semaphore submitted(0);
  house.backend->on_step = [&](std::int64_t step) -> Result<void> {
    if (step == 0) submitted.acquire();
    if (step < 2) return {};
    house.backend->lost = true;
    return fail(Errc::internal, "illegal address");
  };
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (TokenId i = 0; i < 4; ++i) outcomes.push_back(house.submit(request_of(prompt_of(i), 9)));
  submitted.release();
  expect_lost_for_good(*house.engine, outcomes, "the device was lost: illegal address");
}

TEST_P(EngineLoss, StopsWhileItIsRebuilt) {
  Losing losing([](int, Call, std::int64_t step) { return step == 3; });
  std::binary_semaphore began(0);
  std::binary_semaphore go_on(0);
  losing.rebuild = [&](const Error&) -> Result<std::unique_ptr<Backend>> {
    began.release();
    go_on.acquire();
    return losing.make(64);
  };
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (TokenId i = 0; i < 4; ++i) outcomes.push_back(losing.submit(prompt_of(i), 9));
  losing.go();
  began.acquire();
  Engine& engine = *losing.house->engine;
  std::thread stopper([&] { engine.stop(); });
  const auto is_stopping = [&] {
    const auto taken = engine.submit(request_of({1}), {});
    return !taken && taken.error().code == Errc::cancelled;
  };
  while (!is_stopping()) std::this_thread::yield();
  go_on.release();
  stopper.join();
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(outcomes[i]->wait().reason, i < 2 ? FinishReason::error : FinishReason::cancelled);
    EXPECT_EQ(outcomes[i]->times(), 1);
  }
}

}  // namespace
}  // namespace sluice::inference
