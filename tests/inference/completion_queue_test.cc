// What is checked: that each request ends exactly once, however it ends: answered, refused,
// cancelled at any moment, too late, one too many, or stopped. Method: the demo model, and requests
// that it would take long over.

#include "inference/completion_queue.h"

#include "tests/inference/demo_model.h"
#include "tests/inference/engine_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sluice::inference {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class CompletionQueueTest : public testing::Test {
 protected:
  void load(std::int64_t max_running, std::int64_t max_queued) {
    LanguageModelOptions options;
    options.max_running = max_running;
    options.max_queued = max_queued;
    model_ = load_demo(options);
    queue_ = std::make_unique<CompletionQueue>(*model_, max_queued);
  }

  std::shared_ptr<Outcome> submit(CompletionRequest request,
                                  Clock::time_point deadline = Clock::time_point::max()) {
    auto [outcome, callbacks] = Outcome::make();
    last_ = queue_->submit(std::move(request), deadline, std::move(callbacks));
    return outcome;
  }

  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<CompletionQueue> queue_;
  CompletionQueue::Ticket last_ = 0;
};

TEST_F(CompletionQueueTest, ManyEachEndOnce) {
  load(16, 1000);
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 200; ++i) {
    CompletionRequest request = user_says(i % 2 == 0 ? "渴了" : "I am thirsty");
    request.output.choices = {"drink_water", "ask_person"};
    outcomes.push_back(submit(std::move(request)));
  }
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(outcome->wait().text, "drink_water");
    EXPECT_EQ(outcome->times(), 1);
  }
  EXPECT_EQ(queue_->under_way(), 0);
}

TEST_F(CompletionQueueTest, RefusalsSayWhy) {
  load(1, 10);
  CompletionRequest bad = user_says("x");
  bad.output.schema = R"({"type":"string","pattern":"a+"})";
  const Completion refused = submit(std::move(bad))->wait();
  EXPECT_EQ(refused.reason, FinishReason::error);
  EXPECT_EQ(refused.error_code, Errc::invalid_argument);
  EXPECT_THAT(refused.error, HasSubstr("pattern"));
  CompletionRequest hot = user_says("x");
  hot.temperature = -1;
  EXPECT_THAT(submit(std::move(hot))->wait().error, HasSubstr("temperature"));
}

TEST_F(CompletionQueueTest, CancelEndsWhatRunsAndWhatWaits) {
  load(1, 10);
  const auto running = submit(long_request());
  const auto ticket = last_;
  const auto waiting = submit(long_request());
  queue_->cancel(last_);
  queue_->cancel(ticket);
  queue_->cancel(12345);
  EXPECT_EQ(waiting->wait().reason, FinishReason::cancelled);
  EXPECT_EQ(running->wait().reason, FinishReason::cancelled);
}

TEST_F(CompletionQueueTest, ADeadlineEndsIt) {
  load(1, 10);
  EXPECT_EQ(submit(user_says("x"), Clock::now() - std::chrono::seconds(1))->wait().reason,
            FinishReason::expired);
  EXPECT_EQ(submit(long_request(), Clock::now() + std::chrono::milliseconds(20))->wait().reason,
            FinishReason::expired);
}

TEST_F(CompletionQueueTest, OneTooManyIsRefusedAndTheOthersGoOn) {
  load(1, 2);
  std::vector<std::shared_ptr<Outcome>> outcomes;
  std::vector<CompletionQueue::Ticket> tickets;
  for (int i = 0; i < 8; ++i) {
    outcomes.push_back(submit(long_request()));
    tickets.push_back(last_);
  }
  const Completion last = outcomes.back()->wait();
  EXPECT_EQ(last.error_code, Errc::resource_exhausted);
  EXPECT_THAT(last.error, HasSubstr("2 requests wait"));
  for (const auto ticket : tickets) queue_->cancel(ticket);
  const auto cancelled = std::ranges::count_if(
      outcomes, [](const auto& one) { return one->wait().reason == FinishReason::cancelled; });
  EXPECT_GE(cancelled, 2);
  EXPECT_LE(cancelled, 4) << "one runs, two wait, and one was on its way between";
}

TEST_F(CompletionQueueTest, StopEndsAllAndTakesNoMore) {
  load(1, 10);
  std::vector<std::shared_ptr<Outcome>> outcomes;
  for (int i = 0; i < 5; ++i) outcomes.push_back(submit(long_request()));
  queue_->stop();
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(outcome->times(), 1);
    EXPECT_NE(outcome->wait().reason, FinishReason::stop);
  }
  EXPECT_EQ(submit(user_says("x"))->wait().reason, FinishReason::cancelled);
}

}  // namespace
}  // namespace sluice::inference
