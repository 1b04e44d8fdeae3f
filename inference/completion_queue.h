#pragma once

#include "inference/completion_request.h"
#include "inference/generation.h"
#include "inference/language_model.h"
#include "inference/live_generation.h"
#include "inference/scheduler.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace sluice::inference {

/// The way of requests into a model's engine: a thread of its own makes tokens of them and compiles
/// their constraints, so callers do neither. Each request ends with exactly one completion,
/// whatever happens; one that is refused, with reason error and the code that says why.
class CompletionQueue {
 public:
  using Ticket = std::uint64_t;
  using Clock = std::chrono::steady_clock;

  /// `model` outlives it. At most `max_queued` requests wait, here and in the engine together;
  /// one more is refused as resource_exhausted.
  CompletionQueue(LanguageModel& model, std::int64_t max_queued);

  /// Stops.
  ~CompletionQueue();
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  /// Any thread. The callbacks are called by threads of the model, or before this returns.
  Ticket submit(CompletionRequest request, Clock::time_point deadline,
                CompletionCallbacks callbacks);

  /// Any thread. It ends as `cancelled`, unless it has ended by then.
  void cancel(Ticket ticket);

  /// Ends everything as `cancelled`, and returns when all completions have been given.
  void stop();

  /// Requests that have not ended.
  [[nodiscard]] std::int64_t under_way() const;

  /// Of them, those that wait, here and in the engine.
  [[nodiscard]] std::int64_t depth() const;

 private:
  struct Entry {
    Ticket ticket = 0;
    CompletionRequest request;
    Clock::time_point deadline;
    CompletionCallbacks callbacks;
  };
  /// A request that has not ended.
  struct Open {
    GenerationId generation = 0;  ///< 0: the engine does not have it yet.
    bool cancelled = false;
  };

  void run();
  void hand_over(Entry entry);
  void end(Ticket ticket, const CompletionCallbacks& callbacks, Completion completion);

  LanguageModel& model_;
  const std::int64_t max_queued_;
  mutable std::mutex mutex_;  ///< Guards what follows; not held in callbacks.
  std::condition_variable wake_;
  std::deque<Entry> waiting_;
  std::unordered_map<Ticket, Open> open_;
  Ticket last_ticket_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;  ///< Last: it uses all of the above.
};

}  // namespace sluice::inference
