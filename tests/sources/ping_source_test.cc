// What is checked: when a PingSource sends, what its events are, that a slow sink does not hold up
// the next tick, the retries and their waits, missed ticks, clock changes, and that stop() leaves
// nothing behind. Method: a clock that the test moves, a core that the test runs, a sink that
// records.

#include "sources/ping_source.h"

#include "tests/support/manual_clock.h"
#include "tests/support/recording_sink.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// 2026-11-20T10:00:00Z, a full minute.
constexpr Clock::Time kStart{seconds(1795168800)};

/// Answers what the test says, and keeps what it was asked.
struct ScriptedElection final : Election {
  Task<bool> is_ours(const std::string& occasion, milliseconds held) override {
    asked.push_back(occasion + " " + std::to_string(held.count()));
    if (errors-- > 0) co_return fail(Errc::unavailable, "the backend is away");
    co_return ours;
  }
  std::vector<std::string> asked;
  int errors = 0;
  bool ours = true;
};

class PingSource : public testing::Test {
 protected:
  void start(nlohmann::json spec, std::map<std::string, std::string> overrides = {}) {
    SourceSpec source_spec;
    source_spec.kind = "PingSource";
    source_spec.ns = "shop";
    source_spec.name = "ticker";
    source_spec.ce_overrides = std::move(overrides);
    source_spec.spec = std::move(spec);
    auto made = make_ping_source_with_clock(source_spec, {sink_, core(), election_}, clock_);
    ASSERT_TRUE(made) << made.error().detail;
    source_ = std::move(made.value());
    source_->start();
    drain(core());
  }

  // In steps that no wait of the source is shorter than.
  void advance(std::chrono::nanoseconds time, std::chrono::nanoseconds step = seconds(1)) {
    for (; time > step; time -= step) clock_.advance(core(), step);
    clock_.advance(core(), time);
  }

  void TearDown() override {
    if (!source_) return;
    sink_->release();
    bool stopped = false;
    boost::asio::co_spawn(core().executor(), source_->stop(),
                          [&stopped](const std::exception_ptr&) { stopped = true; });
    drain(core());
    while (!stopped) advance(milliseconds(50));  // What was fired is retried to its end.
    EXPECT_EQ(clock_.waiting(), 0U);
  }

  Core& core() { return test_core_.core; }
  const std::vector<EventPtr>& events() const { return sink_->events; }
  std::uint64_t delivered() const { return source_->counters().delivered; }
  std::uint64_t retried() const { return source_->counters().retried; }
  std::uint64_t dropped() const { return source_->counters().dropped; }

  TestCore test_core_;
  ManualClock clock_{kStart};
  std::shared_ptr<RecordingSink> sink_ = std::make_shared<RecordingSink>(core());
  std::shared_ptr<ScriptedElection> election_;
  std::unique_ptr<Source> source_;
};

TEST_F(PingSource, SendsOneEventAtEachFireTime) {
  start({{"schedule", "*/2 * * * *"}});
  advance(minutes(2) - milliseconds(1));
  EXPECT_EQ(events().size(), 0U);
  clock_.advance(core(), milliseconds(1));
  EXPECT_EQ(events().size(), 1U);
  advance(minutes(4));
  EXPECT_EQ(events().size(), 3U);
  EXPECT_EQ(delivered(), 3U);
}

TEST_F(PingSource, FiresEveryMinuteByDefault) {
  start(nlohmann::json::object());
  advance(minutes(3));
  EXPECT_EQ(events().size(), 3U);
}

TEST_F(PingSource, MakesTheEventsThatKnativeMakes) {
  start({{"schedule", "* * * * * *"},
         {"contentType", "application/json"},
         {"data", R"({"a": 1.50})"}},
        {{"region", "eu"}});
  advance(seconds(2));
  ASSERT_EQ(events().size(), 2U);
  const Event& event = *events()[0];
  EXPECT_EQ(event.type(), "dev.knative.sources.ping");
  EXPECT_EQ(event.source(), "/apis/v1/namespaces/shop/pingsources/ticker");
  EXPECT_EQ(event.specversion(), SpecVersion::v1_0);
  EXPECT_EQ(event.attribute("datacontenttype"), "application/json");
  EXPECT_EQ(event.attribute("region"), "eu");
  EXPECT_EQ(event.attribute("time"), "2026-11-20T10:00:01.000000000Z");
  EXPECT_EQ(event.data(), R"({"a": 1.50})");
  EXPECT_EQ(event.data_kind(), DataKind::json);
  EXPECT_EQ(event.id().size(), 36U);
  EXPECT_NE(event.id(), events()[1]->id());
  EXPECT_EQ(events()[1]->attribute("time"), "2026-11-20T10:00:02.000000000Z");
}

TEST_F(PingSource, SetsNoContentTypeWhereNoneIsGiven) {
  start({{"schedule", "* * * * * *"}, {"data", "hello"}});
  advance(seconds(1));
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0]->attribute("datacontenttype"), std::nullopt);
  EXPECT_EQ(events()[0]->data(), "hello");
}

TEST_F(PingSource, DecodesBase64Data) {
  start({{"schedule", "* * * * * *"},
         {"contentType", "text/plain"},
         {"dataBase64", "aGVsbG8sIHdvcmxkIQ=="}});
  advance(seconds(1));
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0]->data(), "hello, world!");
}

TEST_F(PingSource, KeepsTheTimeOfItsZone) {
  // 10:00 in UTC is 19:00 in Tokyo.
  start({{"schedule", "30 19 * * *"}, {"timezone", "Asia/Tokyo"}});
  advance(minutes(29) + seconds(59), seconds(10));
  EXPECT_EQ(events().size(), 0U);
  advance(seconds(1));
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PingSource, CountsEveryFromItsStart) {
  clock_.set(core(), kStart + milliseconds(300));
  start({{"schedule", "@every 90s"}});
  advance(seconds(89));
  EXPECT_EQ(events().size(), 0U);
  advance(seconds(1));
  EXPECT_EQ(events().size(), 1U);
  advance(seconds(90));
  EXPECT_EQ(events().size(), 2U);
}

TEST_F(PingSource, OverlapsTicksWhenTheSinkIsSlow) {
  sink_->held = true;
  start({{"schedule", "* * * * * *"}});
  advance(seconds(3));
  EXPECT_EQ(events().size(), 3U);
  EXPECT_EQ(delivered(), 0U);
  sink_->release();
  drain(core());
  EXPECT_EQ(delivered(), 3U);
}

TEST_F(PingSource, DropsTicksPastTheBoundInFlight) {
  sink_->held = true;
  start({{"schedule", "* * * * * *"}});
  advance(seconds(static_cast<long>(kPingsInFlight) + 3));
  EXPECT_EQ(events().size(), kPingsInFlight);
  EXPECT_EQ(dropped(), 3U);
  sink_->release();
  drain(core());
  EXPECT_EQ(delivered(), kPingsInFlight);
}

TEST_F(PingSource, OffersARefusedEventAgainAfterGrowingWaits) {
  sink_->answer = [](std::size_t index) { return attempt_with(index < 3 ? 429 : 202); };
  start({{"schedule", "0 * * * * *"}});
  advance(minutes(1));
  ASSERT_EQ(events().size(), 1U);
  for (const auto& [wait, sent] : {std::pair(49, 1), {1, 2}, {99, 2}, {1, 3}, {199, 3}, {1, 4}}) {
    clock_.advance(core(), milliseconds(wait));
    EXPECT_EQ(events().size(), static_cast<std::size_t>(sent)) << wait;
  }
  EXPECT_EQ(events()[0]->id(), events()[3]->id());
  EXPECT_EQ(delivered(), 1U);
  EXPECT_EQ(retried(), 3U);
  EXPECT_EQ(dropped(), 0U);
}

TEST_F(PingSource, DropsAnEventAfterFiveRetries) {
  sink_->answer = [](std::size_t) { return attempt_with(0); };
  start({{"schedule", "0 * * * * *"}});
  advance(minutes(1));
  advance(seconds(30), milliseconds(50));
  EXPECT_EQ(events().size(), 6U);
  EXPECT_EQ(retried(), 5U);
  EXPECT_EQ(dropped(), 1U);
}

TEST_F(PingSource, DoesNotRetryWhatCannotSucceed) {
  for (const int status : {301, 400, 403, 413, 415, 422}) {
    sink_->answer = [status](std::size_t) { return attempt_with(status); };
    start({{"schedule", "* * * * * *"}});
    const auto before = events().size();
    advance(seconds(1));
    clock_.advance(core(), milliseconds(900));
    EXPECT_EQ(events().size(), before + 1) << status;
    EXPECT_EQ(dropped(), 1U) << status;
    run_task(core(), source_->stop());
    clock_.advance(core(), milliseconds(100));
  }
}

TEST_F(PingSource, DoesNotMakeUpMissedTicks) {
  start({{"schedule", "* * * * *"}});
  clock_.set(core(), kStart + hours(5) + seconds(45));  // The machine slept.
  EXPECT_EQ(events().size(), 0U);
  advance(seconds(14));
  EXPECT_EQ(events().size(), 0U);
  advance(seconds(1));
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PingSource, SendsOneEventForSeveralTicksThatCameLate) {
  start({{"schedule", "* * * * * *"}});
  clock_.advance(core(), seconds(5));
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PingSource, DoesNotFireEarlyWhenTheClockIsSetBack) {
  start({{"schedule", "* * * * *"}});
  advance(seconds(50));
  clock_.set(core(), kStart - hours(1));
  advance(seconds(59));
  EXPECT_EQ(events().size(), 0U);
  advance(hours(1));
  EXPECT_EQ(events().size(), 0U);
  advance(seconds(1));
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PingSource, IgnoresTheWallClockForEvery) {
  start({{"schedule", "@every 1m"}});
  clock_.set(core(), kStart + hours(7));
  EXPECT_EQ(events().size(), 0U);
  advance(minutes(1));
  EXPECT_EQ(events().size(), 1U);
}

TEST_F(PingSource, StopsWhileItWaitsForATick) {
  start({{"schedule", "0 0 1 1 *"}});
  EXPECT_EQ(clock_.waiting(), 1U);
  run_task(core(), source_->stop());
  EXPECT_EQ(clock_.waiting(), 0U);
}

TEST_F(PingSource, StopWaitsForTheRetriesOfWhatWasFired) {
  sink_->answer = [](std::size_t index) { return attempt_with(index < 2 ? 503 : 202); };
  start({{"schedule", "* * * * * *"}});
  advance(seconds(1));
  bool stopped = false;
  boost::asio::co_spawn(core().executor(), source_->stop(),
                        [&stopped](const std::exception_ptr&) { stopped = true; });
  drain(core());
  EXPECT_FALSE(stopped);
  advance(seconds(2), milliseconds(50));
  EXPECT_TRUE(stopped);
  EXPECT_EQ(events().size(), 3U);
  EXPECT_EQ(delivered(), 1U);
}

TEST_F(PingSource, StopCompletesOnlyWhenNothingIsInFlight) {
  sink_->held = true;
  start({{"schedule", "* * * * * *"}});
  advance(seconds(1));
  bool stopped = false;
  boost::asio::co_spawn(core().executor(), source_->stop(),
                        [&stopped](const std::exception_ptr&) { stopped = true; });
  drain(core());
  EXPECT_FALSE(stopped);
  sink_->release();
  drain(core());
  EXPECT_TRUE(stopped);
  EXPECT_EQ(delivered(), 1U);
}

TEST_F(PingSource, FiresOnlyWhatIsItsOwnWhereSeveralShareTheWork) {
  election_ = std::make_shared<ScriptedElection>();
  start({{"schedule", "* * * * *"}});
  advance(minutes(1));
  EXPECT_EQ(delivered(), 1U);
  election_->ours = false;
  advance(minutes(2));
  EXPECT_EQ(events().size(), 1U);
  EXPECT_EQ(dropped() + retried(), 0U) << "another process fired it";
  EXPECT_EQ(election_->asked, (std::vector<std::string>{"2026-11-20T10:01:00Z 3600000",
                                                        "2026-11-20T10:02:00Z 3600000",
                                                        "2026-11-20T10:03:00Z 3600000"}));
}

TEST_F(PingSource, AsksAgainWhileItCannotBeToldWhetherATickIsItsOwn) {
  election_ = std::make_shared<ScriptedElection>();
  election_->errors = 2;
  start({{"schedule", "* * * * *"}});
  advance(minutes(1));
  advance(milliseconds(150), milliseconds(50));
  EXPECT_EQ(events().size(), 1U);
  EXPECT_EQ(retried(), 2U);
  EXPECT_EQ(election_->asked.size(), 3U);
}

TEST_F(PingSource, AnIntervalThatOneProcessFiresKeepsTheOthersSilentUntilItsNext) {
  election_ = std::make_shared<ScriptedElection>();
  start({{"schedule", "@every 30s"}});
  advance(seconds(30));
  EXPECT_EQ(election_->asked, std::vector<std::string>{"interval 27000"});
}

TEST_F(PingSource, EndsWhenTheScheduleNeverFires) {
  start({{"schedule", "0 0 30 2 *"}});
  EXPECT_EQ(clock_.waiting(), 0U);
}

TEST_F(PingSource, GoesByTheMachinesClockWhenMadeByItsKind) {
  SourceSpec spec;
  spec.kind = "PingSource";
  spec.name = "ticker";
  spec.spec = {{"schedule", "@every 1s"}};
  auto made = make_source(spec, {sink_, core()});
  ASSERT_TRUE(made) << made.error().detail;
  source_ = std::move(made.value());
  source_->start();
  while (events().empty()) run_some(core());
  EXPECT_EQ(events()[0]->type(), "dev.knative.sources.ping");
}

TEST_F(PingSource, RefusesBadSpecsByField) {
  struct {
    const char* kind;
    nlohmann::json spec;
    std::map<std::string, std::string> overrides;
    const char* message_part;
  } const table[] = {
      {"PingSource", {{"schedule", "2"}}, {}, "schedule: expected 5 to 6 fields"},
      {"PingSource", nlohmann::json::object(), {{"Bad-Name", "1"}}, "Bad-Name"},
      {"PingSource", nlohmann::json::object(), {{"id", "1"}}, "ceOverrides.extensions.id"},
      {"PongSource", nlohmann::json::object(), {}, "no source of kind 'PongSource'"},
  };
  for (const auto& row : table) {
    SourceSpec spec;
    spec.kind = row.kind;
    spec.spec = row.spec;
    spec.ce_overrides = row.overrides;
    const auto made = make_source(spec, {sink_, core()});
    ASSERT_FALSE(made) << row.message_part;
    EXPECT_NE(made.error().detail.find(row.message_part), std::string::npos) << made.error().detail;
  }
}

}  // namespace
}  // namespace sluice
