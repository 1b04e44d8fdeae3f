// What is checked: that a model loads beside the cores and those who ask wait for it, that each
// request ends by its deadline, and what is counted. Method: the demo model, on a core run by hand.

#include "sinks/inference_model.h"

#include "sinks/inference_loading.h"
#include "tests/inference/losable_backend.h"
#include "tests/support/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;

class InferenceModelTest : public testing::Test {
 protected:
  void make(InferenceServiceSpec spec = demo_spec()) {
    model_ = std::make_shared<InferenceModel>(std::move(spec));
  }

  void start() { start_model(*model_); }

  Result<inference::Completion> complete(inference::CompletionRequest request,
                                         Deadline deadline = kNever) {
    return run_task(core_, model_->complete(core_, std::move(request), deadline));
  }

  std::uint64_t counted(InferenceOutcome outcome) const {
    return model_->counters().requests[static_cast<std::size_t>(outcome)].load();
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  InferenceModelPtr model_;
};

TEST_F(InferenceModelTest, WhoAsksWaitsUntilItIsLoaded) {
  make();
  EXPECT_EQ(model_->state(), InferenceModel::State::loading);
  EXPECT_THAT(model_->reason(), HasSubstr("loading"));
  start();
  const auto completion = complete(user_asks("渴了"));
  ASSERT_TRUE(completion) << completion.error().detail;
  EXPECT_EQ(completion.value().text, "喝点水。");
  EXPECT_EQ(model_->state(), InferenceModel::State::ready);
  EXPECT_EQ(model_->reason(), "");
  EXPECT_EQ(model_->max_context(), 1024);
  EXPECT_EQ(counted(InferenceOutcome::stop), 1U);
  EXPECT_GT(model_->counters().prompt_tokens.load(), 5U);
  EXPECT_EQ(model_->counters().completion_tokens.load(), completion.value().tokens.size());
  EXPECT_EQ(model_->under_way(), 0);
}

TEST_F(InferenceModelTest, SaysHowLoadingGoes) {
  make();
  inference::OutputConstraint output;
  output.choices = {"a", "b"};
  model_->warm(output);
  std::vector<std::string> heard;
  InferenceModel::LoadListener listener;
  listener.on_stage = [&](std::string_view stage) { heard.emplace_back(stage); };
  listener.on_loaded = [&](const Result<inference::LoadFacts>& loaded) {
    heard.push_back(loaded ? "loaded" : loaded.error().detail);
  };
  model_->start(std::move(listener));
  ASSERT_TRUE(complete(user_asks("渴了")));
  EXPECT_THAT(heard, ElementsAre("configuration", "tokenizer", "weights", "constraints", "loaded"));
}

TEST(InferenceLoading, HandsOnWhereAndHowItIsComputed) {
  const auto load = [](const InferenceServiceSpec& spec) {
    return load_model(spec, {}, [](std::string_view) {});
  };
  InferenceServiceSpec spec = demo_spec();
  spec.determinism = "fast";
  const auto cpu = load(spec);
  ASSERT_TRUE(cpu) << cpu.error().detail;
  EXPECT_EQ(cpu.value()->facts().why_cpu, "");
  spec.device = "auto";
  spec.dtype = "int8";
  EXPECT_EQ(load(spec).value()->facts().why_cpu, "a GPU computes in bfloat16 and fp8 only");
  spec.device = "cuda";
  EXPECT_THAT(load(spec).error().detail, HasSubstr("device cuda: a GPU computes in bfloat16"));
  spec = demo_spec();
  spec.determinism = "loose";
  EXPECT_THAT(load(spec).error().detail, HasSubstr("strict, fast"));
}

TEST_F(InferenceModelTest, GivesUpWaitingAtTheDeadline) {
  make();  // Never started.
  const auto late = complete(user_asks("渴了"), steady_clock::now() + milliseconds(5));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  EXPECT_EQ(counted(InferenceOutcome::expired), 1U);
}

TEST_F(InferenceModelTest, OneThatCannotBeLoadedSaysWhy) {
  InferenceServiceSpec spec = demo_spec();
  spec.model_dir = "/does/not/exist";
  make(std::move(spec));
  std::optional<Error> reported;
  InferenceModel::LoadListener listener;
  listener.on_stage = [](std::string_view) {};
  listener.on_loaded = [&](const Result<inference::LoadFacts>& loaded) {
    reported = loaded.error();
  };
  model_->start(std::move(listener));
  const auto refused = complete(user_asks("渴了"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr("/does/not/exist"));
  EXPECT_THAT(model_->reason(), HasSubstr("/does/not/exist"));
  EXPECT_EQ(model_->state(), InferenceModel::State::failed);
  EXPECT_THAT(reported->detail, HasSubstr("/does/not/exist"));
  EXPECT_EQ(counted(InferenceOutcome::error), 1U);
}

TEST_F(InferenceModelTest, ADeadlineEndsTheGenerationToo) {
  make();
  start();
  const auto late = complete(takes_long(), steady_clock::now() + milliseconds(200));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  // One at a time: this one would wait for the other, were that still running.
  ASSERT_TRUE(complete(user_asks("渴了")));
  EXPECT_EQ(counted(InferenceOutcome::expired), 1U);
}

TEST_F(InferenceModelTest, ABadRequestIsRefused) {
  make();
  start();
  auto request = user_asks("x");
  request.output.schema = R"({"type":"string","pattern":"a"})";
  const auto refused = complete(std::move(request));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_THAT(refused.error().detail, HasSubstr("pattern"));
  EXPECT_EQ(counted(InferenceOutcome::refused), 1U);
}

TEST_F(InferenceModelTest, AStreamPutTogetherIsTheCompletion) {
  make();
  start();
  auto stream = model_->stream(user_asks("I am thirsty"), kNever);
  std::string text;
  for (;;) {
    auto item = run_task(core_, stream->next(core_, kNever));
    ASSERT_TRUE(item) << item.error().detail;
    if (const auto* chunk = std::get_if<inference::CompletionChunk>(&item.value())) {
      text += chunk->text;
      continue;
    }
    EXPECT_EQ(std::get<inference::Completion>(item.value()).text, text);
    break;
  }
  EXPECT_EQ(text, "Drink some water.");
}

TEST_F(InferenceModelTest, ADroppedStreamEndsItsGeneration) {
  make();
  start();
  auto stream = model_->stream(takes_long(), kNever);
  ASSERT_TRUE(run_task(core_, stream->next(core_, kNever)));
  stream.reset();
  // The next one has the model to itself: with one at a time it would otherwise wait for long.
  EXPECT_TRUE(complete(user_asks("渴了")));
  EXPECT_EQ(counted(InferenceOutcome::cancelled), 1U);
}

/// A model whose device is lost when the test says so, and comes back when it says so.
class LosingModelTest : public InferenceModelTest {
 protected:
  void make_losing() {
    const auto load = [this](const InferenceServiceSpec& spec, const auto&,
                             const auto&) -> Result<std::unique_ptr<inference::LanguageModel>> {
      inference::LanguageModelOptions options;
      options.dir = spec.model_dir;
      options.make_backend = [this, dir = options.dir](const inference::ModelConfig&) {
        if (loads_++ > 0) comes_back_.acquire();
        return inference::LosableBackend::load(comes_back_at_all_ ? dir : "/gone", loses_);
      };
      auto model = inference::LanguageModel::load(options);
      if (!model) return from_engine(model.error());
      return std::move(model).value();
    };
    model_ = std::make_shared<InferenceModel>(demo_spec(), load);
    start();
    ASSERT_TRUE(complete(user_asks("渴了")));
    EXPECT_EQ(model_->state(), InferenceModel::State::ready);
  }

  void lose() {
    loses_ = true;
    const auto lost = complete(user_asks("渴了"));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Errc::unavailable) << "worth a retry";
    EXPECT_EQ(model_->state(), InferenceModel::State::rebuilding);
    EXPECT_THAT(model_->reason(), HasSubstr("illegal address"));
  }

  ~LosingModelTest() override { model_->stop(); }

  std::atomic<bool> loses_ = false;
  std::atomic<int> loads_ = 0;
  std::atomic<bool> comes_back_at_all_ = true;
  std::binary_semaphore comes_back_{0};
};

TEST_F(LosingModelTest, IsNotReadyUntilItsDeviceIsThereAgain) {
  make_losing();
  lose();
  const auto early = complete(user_asks("渴了"), steady_clock::now() + milliseconds(5));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, Errc::deadline_exceeded) << "it waits";
  EXPECT_EQ(model_->rebuilds(), 0);
  comes_back_.release();
  ASSERT_TRUE(complete(user_asks("渴了")));
  EXPECT_EQ(model_->state(), InferenceModel::State::ready);
  EXPECT_EQ(model_->reason(), "");
  EXPECT_EQ(model_->rebuilds(), 1);
}

TEST_F(LosingModelTest, SaysWhyItsDeviceDidNotComeBack) {
  make_losing();
  comes_back_at_all_ = false;
  lose();
  comes_back_.release();
  const auto refused = complete(user_asks("渴了"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_EQ(model_->state(), InferenceModel::State::failed);
  EXPECT_THAT(model_->reason(), HasSubstr("/gone"));
}

TEST_F(InferenceModelTest, StopEndsWhatRunsAndTakesNothingMore) {
  make();
  start();
  auto stream = model_->stream(takes_long(), kNever);
  ASSERT_TRUE(run_task(core_, stream->next(core_, kNever)));
  model_->stop();
  Result<CompletionStream::Item> item = run_task(core_, stream->next(core_, kNever));
  while (item) item = run_task(core_, stream->next(core_, kNever));
  EXPECT_EQ(item.error().code, Errc::cancelled);
  EXPECT_FALSE(complete(user_asks("x")));
}

}  // namespace
}  // namespace sluice
