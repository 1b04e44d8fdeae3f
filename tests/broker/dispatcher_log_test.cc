// What is checked: the line that tells an operator of a retry, at log level debug and not above.
// Method: a dispatcher with a memory channel and a recording sink on a core run by hand; what the
// default logger writes is kept.

#include "broker/dispatcher.h"
#include "tests/support/events.h"
#include "tests/support/recording_sink.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace sluice {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// Keeps what is logged, one line a record, without time and level.
class KeptLog {
 public:
  explicit KeptLog(spdlog::level::level_enum level) : before_(spdlog::default_logger()) {
    auto logger = std::make_shared<spdlog::logger>(
        "kept", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_pattern("%v");
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
  }
  ~KeptLog() { spdlog::set_default_logger(before_); }
  KeptLog(const KeptLog&) = delete;
  KeptLog& operator=(const KeptLog&) = delete;

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

/// Delivers one event to a subscriber that fails twice, then takes it.
void deliver_with_two_retries() {
  TestCore core;
  ChannelSpec channel_spec;
  channel_spec.name = "orders";
  const auto channel = std::move(make_channel(channel_spec)).value();
  const auto subscriber = std::make_shared<RecordingSink>(core.core, "http://127.0.0.1/subscriber");
  subscriber->answer = [](std::size_t index) {
    Attempt attempt = attempt_with(index < 2 ? 503 : 202);
    if (index < 2) attempt.detail = "answered 503";
    return attempt;
  };
  DispatchSpec spec;
  spec.ns = "shop";
  spec.name = "t1";
  spec.delivery.retry = 3;
  spec.delivery.backoff_delay = std::chrono::milliseconds(0);
  ConsumerOptions options;
  options.name = "shop/t1";
  options.core = &core.core;
  DispatchTargets targets;
  targets.subscriber = subscriber;
  auto consumer = channel->open_consumer(std::move(options));
  Dispatcher dispatcher(core.core, spec, targets, std::move(consumer).value());
  dispatcher.start();
  ASSERT_TRUE(run_task(core.core, channel->append(make_event("1"), kNever)));
  run_until(core.core, [&] { return channel->depth() == 0; });
  EXPECT_EQ(subscriber->events.size(), 3U);
  run_task(core.core, channel->close());
  dispatcher.halt();
  core.core.deadlines().hurry();
  run_task(core.core, dispatcher.stop());
}

TEST(DispatcherLog, TellsEachRetryAtDebug) {
  const KeptLog log(spdlog::level::debug);
  deliver_with_two_retries();
  std::istringstream lines(log.text());
  std::string line;
  for (int attempt = 1; attempt <= 2; ++attempt) {
    std::getline(lines, line);
    EXPECT_THAT(line, AllOf(StartsWith("delivery.retry "), HasSubstr(" subscription=shop/t1 "),
                            HasSubstr(" target=http://127.0.0.1/subscriber "),
                            HasSubstr(" attempt=" + std::to_string(attempt) + " "),
                            HasSubstr(" delay_ms=0 "), HasSubstr(" error=\"answered 503\"")));
  }
  EXPECT_FALSE(std::getline(lines, line)) << line;
}

TEST(DispatcherLog, TellsNoRetryAtInfo) {
  const KeptLog log(spdlog::level::info);
  deliver_with_two_retries();
  EXPECT_THAT(log.text(), IsEmpty());
}

}  // namespace
}  // namespace sluice
