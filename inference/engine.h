#pragma once

#include "inference/backend.h"
#include "inference/block_manager.h"
#include "inference/generation.h"
#include "inference/live_generation.h"
#include "inference/result.h"
#include "inference/sampler.h"
#include "inference/scheduler.h"
#include "inference/vocabulary.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sluice::inference {

struct EngineOptions {
  SchedulerOptions scheduler{};
  std::int64_t max_context =
      0;  ///< Tokens of prompt and completion; 0: what model and cache allow.
  bool prefix_cache = true;
  TokenRules rules{};
  /// Called by any thread.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
};

/// What the engine does at this moment, and what it did since it was built.
struct EngineStats {
  std::int64_t queued_requests = 0;
  std::int64_t queued_prompt_tokens = 0;
  std::int64_t running = 0;
  std::int64_t kv_blocks = 0;
  std::int64_t kv_blocks_used = 0;      ///< By running generations; shared ones once.
  std::int64_t kv_blocks_reserved = 0;  ///< Promised to them, not used yet.
  std::int64_t kv_blocks_cached = 0;    ///< In the prefix cache and not used.

  std::int64_t steps = 0;
  std::int64_t failed_steps = 0;
  std::int64_t computed_tokens = 0;     ///< Positions run through the model.
  std::int64_t generated_tokens = 0;    ///< Chosen, and those that had to follow.
  std::int64_t prompt_tokens = 0;       ///< Of generations that have ended.
  std::int64_t cached_tokens = 0;       ///< Of these, found in the prefix cache.
  std::array<std::int64_t, 5> ended{};  ///< By FinishReason.
};

/// Generations of one model, many at a time, on a thread of its own. Each request that submit()
/// takes ends with exactly one completion, whatever happens. What it becomes depends on the request
/// only, not on what else runs: same prompt, parameters and seed, same tokens.
///
/// A step that fails ends those that run with an error, which is the device's, and empties the
/// prefix cache; those that wait are tried next.
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
  /// queue is full; cancelled, when the engine has stopped.
  [[nodiscard]] Result<GenerationId> submit(GenerationRequest request,
                                            CompletionCallbacks callbacks);

  /// Any thread. It ends with the step that runs, as `cancelled`, unless it has ended by then.
  void cancel(GenerationId id);

  /// Any thread but the engine's own; more than once. Ends everything as `cancelled` after the step
  /// that runs, and returns when all completions have been given.
  void stop();

  /// Any thread.
  [[nodiscard]] EngineStats stats() const;

  /// The most tokens that prompt and max_tokens may be together.
  [[nodiscard]] std::int64_t max_context() const noexcept { return limits_.max_context; }
  [[nodiscard]] const Backend& backend() const noexcept { return *backend_; }
  [[nodiscard]] const Vocabulary& vocabulary() const noexcept { return vocabulary_; }

 private:
  void run();
  [[nodiscard]] bool wait_for_work();
  [[nodiscard]] Step schedule();
  [[nodiscard]] Result<void> forward(const Step& step);
  [[nodiscard]] std::int64_t sample(const Step& step);
  void settle(const Step& step, std::int64_t generated);
  void fail_running(const Error& error);
  void end_all();
  void end(GenerationId id, FinishReason reason, Error error = {});
  [[nodiscard]] LiveGeneration& live(const Track& track);

  EngineOptions options_;
  std::unique_ptr<Backend> backend_;
  Vocabulary vocabulary_;
  RequestLimits limits_;
  Sampler sampler_;
  std::vector<float> logits_;  ///< One row for each item of the step that wants them.

  mutable std::mutex mutex_;  ///< Guards what follows; not held in callbacks and forward().
  std::condition_variable wake_;
  BlockPool pool_;
  Scheduler scheduler_;
  std::unordered_map<GenerationId, std::unique_ptr<LiveGeneration>> generations_;
  GenerationId last_id_ = 0;
  EngineStats totals_;  ///< Without what is asked of the scheduler and the pool.
  bool is_stopping_ = false;

  std::mutex join_mutex_;
  std::thread::id thread_id_;
  std::thread thread_;  ///< Last: it uses all of the above.
};

}  // namespace sluice::inference
