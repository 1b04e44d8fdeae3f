#pragma once

#include "broker/dispatcher.h"
#include "tests/support/events.h"
#include "tests/support/recording_sink.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

#include <functional>

namespace sluice {

inline Attempt failed_with(int status, std::string body = {}) {
  Attempt attempt = attempt_with(status);
  attempt.detail = "answered " + std::to_string(status);
  attempt.body = std::move(body);
  return attempt;
}

/// A dispatcher between a real memory channel and recording sinks, on a core run by hand.
class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    spec_.name = "t1";
    spec_.delivery.backoff_delay = std::chrono::milliseconds(1);
  }

  ~DispatcherTest() override { stop(); }

  void start() {
    ChannelSpec channel;
    channel.name = "orders";
    channel_ = std::move(make_channel(channel)).value();
    ConsumerOptions options;
    options.name = "t1";
    options.core = &core_;
    DispatchTargets targets;
    targets.subscriber = subscriber_;
    targets.reply = reply_;
    targets.dead_letter = dead_letter_;
    dispatcher_ = std::make_unique<Dispatcher>(
        core_, spec_, targets, std::move(channel_->open_consumer(std::move(options))).value());
    dispatcher_->start();
    drain(core_);
  }

  void stop() {
    if (!dispatcher_) return;
    for (RecordingSink* sink : {subscriber_.get(), reply_.get(), dead_letter_.get()}) {
      if (sink != nullptr) sink->release();
    }
    run_task(core_, channel_->close());
    dispatcher_->halt();
    core_.deadlines().hurry();
    run_task(core_, dispatcher_->stop());
    dispatcher_.reset();
  }

  void append(EventPtr event) {
    ASSERT_TRUE(run_task(core_, channel_->append(std::move(event), kNever)));
    drain(core_);
  }

  void run_until(const std::function<bool()>& done) {
    while (!done()) run_some(core_);
  }

  void run_until_settled() {
    run_until([this] { return channel_->depth() == 0; });
  }

  static std::shared_ptr<RecordingSink> make_recorder(Core& core, std::string url) {
    return std::make_shared<RecordingSink>(core, std::move(url));
  }

  [[nodiscard]] const DispatchCounters& counters() const { return dispatcher_->counters(); }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  DispatchSpec spec_;
  std::shared_ptr<RecordingSink> subscriber_ = make_recorder(core_, "http://127.0.0.1/subscriber");
  std::shared_ptr<RecordingSink> reply_;
  std::shared_ptr<RecordingSink> dead_letter_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

}  // namespace sluice
