#pragma once

#include "base/wait_queue.h"
#include "sinks/sink.h"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// A sink that keeps what it is sent. It answers 202, or what `answer` says for the n-th event
/// (from 0); while `held` it answers nobody until release(). Used on one core.
class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(Core& core, std::string url = "http://127.0.0.1/recording")
      : core_(core), url_(std::move(url)) {}

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override {
    const std::size_t index = events.size();
    events.push_back(event);
    while (held) {
      const bool released = co_await released_.wait(core_, deadline);
      if (!released) {
        co_return failed_attempt(fail(Errc::deadline_exceeded, "held until the deadline"));
      }
      if (passes_ > 0) {
        --passes_;
        break;
      }
    }
    Attempt attempt;
    attempt.status = 202;
    if (answer) attempt = answer(index);
    co_return attempt;
  }

  const std::string& url() const noexcept override { return url_; }

  void release() {
    held = false;
    released_.notify_all();
  }

  /// Answers the one that has waited longest.
  void release_one() {
    ++passes_;
    released_.notify_oldest();
  }

  std::vector<EventPtr> events;
  std::function<Attempt(std::size_t index)> answer;
  bool held = false;

 private:
  Core& core_;
  const std::string url_;
  WaitQueue released_;
  int passes_ = 0;
};

/// An attempt that ended with `status`.
inline Attempt attempt_with(int status) {
  Attempt attempt;
  attempt.status = status;
  return attempt;
}

}  // namespace sluice
