#pragma once

#include "inference/backend.h"
#include "inference/live_generation.h"
#include "inference/result.h"
#include "inference/scheduler.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice::inference {

struct EngineOptions {
  SchedulerOptions scheduler{};
  std::int64_t max_context =
      0;  ///< Tokens of prompt and completion; 0: what model and cache allow.
  bool prefix_cache = true;
  TokenRules rules{};
  /// Called by any thread.
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
  /// Makes the same model's backend anew after one was lost to this error. That one is gone by
  /// then; its KV cache may have had another size. Called by the engine's thread, which does
  /// nothing else until it returns. Empty: a lost backend is the end.
  std::function<Result<std::unique_ptr<Backend>>(const Error& why)> rebuild{};
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
  std::int64_t rebuilds = 0;            ///< Of a backend that was lost.
  std::int64_t computed_tokens = 0;     ///< Positions run through the model.
  std::int64_t generated_tokens = 0;    ///< Chosen, and those that had to follow.
  std::int64_t prompt_tokens = 0;       ///< Of generations that have ended.
  std::int64_t cached_tokens = 0;       ///< Of these, found in the prefix cache.
  std::array<std::int64_t, 5> ended{};  ///< By FinishReason.
};

/// Whether an engine can run steps.
struct EngineReadiness {
  enum class State : std::uint8_t {
    ready,
    rebuilding,  ///< The backend was lost and another is being made; requests wait for it.
    lost,        ///< For good: requests are refused.
  };
  State state = State::ready;
  std::string reason;  ///< Why it is not ready, in one line; empty when it is.
};

}  // namespace sluice::inference
