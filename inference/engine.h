#pragma once

#include "inference/backend.h"
#include "inference/block_manager.h"
#include "inference/engine_options.h"
#include "inference/generation.h"
#include "inference/live_generation.h"
#include "inference/result.h"
#include "inference/scheduler.h"
#include "inference/step_runner.h"
#include "inference/vocabulary.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sluice::inference {

/// Generations of one model, many at a time, on a thread of its own. Each request that submit()
/// takes ends with exactly one completion, whatever happens. What it becomes depends on the request
/// only, not on what else runs: same prompt, parameters and seed, same tokens.
///
/// A step that fails ends those that run with an error, which is the device's, and empties the
/// prefix cache; those that wait are tried next. Where the backend is lost, that error is
/// unavailable, and those that wait go on with the backend that options.rebuild makes; who does not
/// fit into that one any more ends as invalid_argument. Without another backend, those that wait
/// end as unavailable too. A backend that shares its device hears where another one lost it: that
/// is as if a step had failed, also where nothing runs.
///
/// Where the backend's StepRunner overlaps, a step begins before the tokens of the one before it
/// are known: texts, stop texts and masks are made while the device computes. What a step computes
/// for a generation that has ended by then is nobody's.
class Engine {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts the thread. `options.rules.forced_close` holds think_close, or is empty.
  Engine(EngineOptions options, std::unique_ptr<Backend> backend, Vocabulary vocabulary);

  /// Stops.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Any thread. The callbacks may be called before this returns.
  /// Errors, and then no callback is ever called: invalid_argument; resource_exhausted, when the
  /// queue is full; cancelled, when the engine has stopped; unavailable, when its backend is lost
  /// for good.
  [[nodiscard]] Result<GenerationId> submit(GenerationRequest request,
                                            CompletionCallbacks callbacks);

  /// Any thread. It ends with the step that runs, as `cancelled`, unless it has ended by then.
  void cancel(GenerationId id);

  /// Any thread but the engine's own; more than once. Ends everything as `cancelled` after the step
  /// that runs, and returns when all completions have been given.
  void stop();

  /// Any thread.
  [[nodiscard]] EngineStats stats() const;
  [[nodiscard]] EngineReadiness readiness() const;
  [[nodiscard]] bool is_ready() const;

  /// The most tokens that prompt and max_tokens may be together. Another after a rebuild. Any
  /// thread.
  [[nodiscard]] std::int64_t max_context() const { return limits().max_context; }
  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }

 private:
  [[nodiscard]] RequestLimits limits() const;

  // The engine's thread.
  void run();
  [[nodiscard]] bool wait_for_work();
  [[nodiscard]] Result<void> turn();
  [[nodiscard]] Step schedule();
  [[nodiscard]] Result<void> begin(const Step& step);
  [[nodiscard]] Result<void> choose(Step& step);
  [[nodiscard]] Result<void> collect();
  [[nodiscard]] std::int64_t accept(const Step& step);
  void settle(const Step& step, std::int64_t generated);
  [[nodiscard]] std::span<LiveGeneration* const> find_live(const Step& step);
  void listen();
  [[nodiscard]] Result<void> check_device();
  void recover(const Error& error);
  void rebuild(const Error& error);
  void adopt(std::unique_ptr<Backend> backend);
  void end_all(std::vector<Track*> tracks, FinishReason reason, const Error& error = {});
  void end(GenerationId id, FinishReason reason, Error error = {});

  EngineOptions options_;
  Vocabulary vocabulary_;

  // Of the engine's thread, once it runs.
  std::unique_ptr<Backend> backend_;    ///< Null once it is lost for good.
  std::unique_ptr<StepRunner> runner_;  ///< Its own; never outlives it.
  std::deque<Step> in_flight_;          ///< At most the one that runs, and the one after it.
  std::vector<LiveGeneration*> live_;   ///< These vectors are kept for their memory.
  std::vector<StepPart> parts_;
  std::vector<TokenChoice> choices_;
  std::vector<Result<TokenLogprob>> tokens_;

  mutable std::mutex mutex_;  ///< Guards what follows; not held in callbacks and by the runner.
  std::condition_variable wake_;
  RequestLimits limits_;
  BlockPool pool_;
  Scheduler scheduler_;
  std::unordered_map<GenerationId, std::unique_ptr<LiveGeneration>> generations_;
  GenerationId last_id_ = 0;
  EngineStats totals_;  ///< Without what is asked of the scheduler and the pool.
  EngineReadiness readiness_;
  bool is_stopping_ = false;
  bool has_lost_device_ = false;  ///< Told by the backend, and not looked at yet.

  std::mutex join_mutex_;
  std::thread::id thread_id_;
  std::thread thread_;  ///< Last: it uses all of the above.
};

}  // namespace sluice::inference
