// What is checked: that texts are written whole, in order, and acknowledged only then; that
// nobody's reader holds up a core; what becomes of a text whose deadline passes. Method: an Output
// on a pipe that the test fills and empties, a core run by hand.

#include "base/output.h"

#include "base/on_core.h"
#include "base/task_group.h"
#include "tests/support/pipe.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class OutputTest : public testing::Test {
 protected:
  using Ended = std::vector<Result<void>>;
  static constexpr std::size_t kMoreThanAPipeHolds = 256U * 1024;

  static Awaitable<void> write_into(Output& output, Core& core, std::string text, Deadline deadline,
                                    Ended& ended) {
    ended.push_back(co_await output.write(core, std::move(text), deadline));
  }

  /// Starts to write; how it ended goes to `ended`.
  void spawn(Output& output, std::string text, Ended& ended, Deadline deadline = kNever) {
    group_.spawn(write_into(output, core_, std::move(text), deadline, ended));
    drain(core_);
  }

  /// Keeps the writer in the middle of a text until unblock_writer().
  void block_writer(Output& output, Ended& ended, Deadline deadline = kNever) {
    spawn(output, std::string(kMoreThanAPipeHolds, '.'), ended, deadline);
    pipe_.read_exactly(1);
  }

  void unblock_writer() { pipe_.read_exactly(kMoreThanAPipeHolds - 1); }

  void run_until_ended(const Ended& ended, std::size_t count = 1) {
    run_until(core_, [&] { return ended.size() == count; });
  }

  static Deadline soon() { return steady_clock::now() + milliseconds(20); }

  Pipe pipe_;
  TestCore test_core_;
  Core& core_ = test_core_.core;
  Output output_{pipe_.writing_end()};
  TaskGroup group_{core_};
};

TEST_F(OutputTest, CompletesWhenTheTextIsWritten) {
  const auto written = run_task(core_, output_.write(core_, "hello\n", kNever));
  EXPECT_TRUE(written);
  EXPECT_EQ(pipe_.read_now(), "hello\n");
}

TEST_F(OutputTest, WritesInTheOrderOfTheCalls) {
  std::string want;
  Ended ended;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    spawn(output_, line, ended);
    want += line;
  }
  run_until_ended(ended, 1000);
  EXPECT_EQ(pipe_.read_now(), want);
}

TEST_F(OutputTest, GivesUpAtTheDeadlineWhenNobodyReads) {
  Ended first;
  Ended queued;
  Ended patient;
  block_writer(output_, first, soon());
  spawn(output_, "queued\n", queued, soon());
  spawn(output_, "patient\n", patient);
  run_until_ended(first);
  run_until_ended(queued);
  for (const Ended& ended : {first, queued}) {
    ASSERT_FALSE(ended.at(0));
    EXPECT_EQ(ended[0].error().code, Errc::deadline_exceeded);
  }
  EXPECT_TRUE(patient.empty());
  unblock_writer();
  EXPECT_EQ(pipe_.read_until("\n"), "patient\n") << "what was given up is not written";
  run_until_ended(patient);
  EXPECT_TRUE(patient[0]);
}

TEST_F(OutputTest, QueuesNoMoreThanItsCapacity) {
  Output small(pipe_.writing_end(), 10);
  Ended first;
  Ended queued;
  Ended refused;
  block_writer(small, first);
  spawn(small, "1234\n", queued);
  spawn(small, "6789\n", queued);
  spawn(small, "\n", refused);
  ASSERT_EQ(refused.size(), 1U);
  ASSERT_FALSE(refused[0]);
  EXPECT_EQ(refused[0].error().code, Errc::resource_exhausted);
  unblock_writer();
  run_until_ended(queued, 2);
  EXPECT_EQ(pipe_.read_now(), "1234\n6789\n");
  spawn(small, "again\n", queued);
  run_until_ended(queued, 3);
  EXPECT_TRUE(queued[2]);
  EXPECT_TRUE(first.at(0));
}

TEST_F(OutputTest, TakesATextThatIsLargerThanItsCapacity) {
  Output small(pipe_.writing_end(), 10);
  EXPECT_TRUE(run_task(core_, small.write(core_, "longer than ten bytes", kNever)));
}

TEST_F(OutputTest, TellsThatTheReaderHasGone) {
  pipe_.close_reading_end();
  for (int i = 0; i < 2; ++i) {
    const auto written = run_task(core_, output_.write(core_, "hello\n", kNever));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::unavailable);
    EXPECT_THAT(written.error().detail, HasSubstr("Broken pipe"));
  }
}

TEST_F(OutputTest, WaitsForADescriptorThatDoesNotBlock) {
  pipe_.set_non_blocking();
  Ended ended;
  block_writer(output_, ended);
  unblock_writer();
  run_until_ended(ended);
  EXPECT_TRUE(ended[0]);
}

TEST_F(OutputTest, NeverMixesTheTextsOfTwoCores) {
  constexpr std::size_t kLines = 200;
  constexpr std::size_t kSize = 9000;  // More than one write to a pipe keeps together.
  CorePool cores(2);
  std::vector<std::future<void>> ended;
  Ended results[2];
  for (std::size_t i = 0; i < cores.size(); ++i) {
    for (std::size_t line = 0; line < kLines; ++line) {
      Core& core = cores.core(i);
      std::string text(kSize, i == 0 ? 'a' : 'b');
      ended.push_back(boost::asio::co_spawn(
          core.executor(), write_into(output_, core, text + "\n", kNever, results[i]),
          boost::asio::use_future));
    }
  }
  const std::string text = pipe_.read_exactly(2 * kLines * (kSize + 1));
  for (auto& one : ended) one.get();
  cores.stop();
  for (std::size_t at = 0; at < text.size(); at += kSize + 1) {
    ASSERT_EQ(text.find_first_not_of(text[at], at), at + kSize) << "mixed at " << at;
  }
}

}  // namespace
}  // namespace sluice
