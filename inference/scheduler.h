#pragma once

#include "inference/block_manager.h"
#include "inference/generation.h"
#include "inference/result.h"
#include "inference/token.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sluice::inference {

using GenerationId = std::uint64_t;

/// A generation as the scheduler sees it: tokens, of which the first `computed` are in the cache,
/// or on their way there: steps that were scheduled compute them. The last of these may be a token
/// that is not known yet, because the step that chooses it has not been collected.
struct Track {
  GenerationId id = 0;          ///< In the order of submission.
  std::vector<TokenId> tokens;  ///< The prompt and what came after it.
  std::int64_t prompt_tokens = 0;
  std::int64_t max_tokens = 0;  ///< Of what comes after the prompt.
  int priority = 0;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

  // Kept by the scheduler.
  BlockTable table;
  std::int64_t computed = 0;
  std::int64_t cached_tokens = 0;  ///< Found in the prefix cache instead of computed.
  std::int64_t passed_over = 0;  ///< How often a later one, or one of higher priority, went first.
  std::int64_t choice = 0;       ///< In the last step that wanted its logits.
  bool cancelled = false;
};

struct SchedulerOptions {
  std::int64_t max_running = 64;
  std::int64_t max_step_tokens = 512;  ///< Of all parts of a step; at least max_running.
  std::int64_t max_queued_requests = 256;
  std::int64_t max_queued_prompt_tokens = 1 << 20;
  std::int64_t max_passed_over = 32;
};

/// What one generation does in one step: its next `num_tokens` tokens are computed.
struct StepItem {
  Track* track = nullptr;  ///< Null once it has ended while the step was in flight.
  std::int64_t position = 0;
  std::int64_t num_tokens = 0;
  std::int64_t follows = -1;  ///< As StepPart has it.
  bool wants_logits = false;
  bool is_void = true;  ///< Nobody wants the token that its logits come to. Kept by the engine.

  [[nodiscard]] std::int64_t end() const noexcept { return position + num_tokens; }
};

struct Step {
  std::vector<StepItem> items;
  std::vector<std::pair<Track*, FinishReason>> ended;  ///< Cancelled or expired; gone from here.
};

/// Continuous batching: who runs in the next step, and with how many tokens.
///
/// Waiting: a bounded queue. The next to run is the one of the highest priority, of equal ones the
/// first; it runs when the cache has room for its prompt and max_tokens, with those of its blocks
/// that others use already not counted, so nobody is ever thrown out again. Nobody overtakes it
/// because it is large.
///
/// Running: each that has one token to compute gets it in every step, be it known or chosen by the
/// step before; what is left of the step's
/// tokens goes to prompts, cut where the step ends, again by priority and then by admission.
///
/// No starvation: who was passed over max_passed_over times goes before everyone who was not, in
/// the queue (a later one was admitted) and among the prompts (a step had nothing left for it).
///
/// Tracks are the caller's, and stay where they are until they have ended. Used by one thread at a
/// time.
class Scheduler {
 public:
  using Clock = std::chrono::steady_clock;

  Scheduler(const SchedulerOptions& options, BlockPool& pool);

  /// Errors: invalid_argument, when the cache never has room for it; resource_exhausted, when too
  /// many requests, or prompts with too many tokens in all, are waiting. An empty queue takes a
  /// prompt of any length.
  [[nodiscard]] Result<void> enqueue(Track& track);

  /// Ends it with the next schedule(). False when there is no such track.
  bool cancel(GenerationId id);

  /// Ends what was cancelled or has a deadline that is not later than `now`, admits, and cuts the
  /// next step: it has an item unless all that is left waits for tokens of the step before. To be
  /// followed by settle(), before or after the next schedule(), or by drop_running() when the step
  /// failed. One that comes before the settle() of the step before has items that follow its
  /// choices; when the tokens come, they are appended to the tracks, and more behind them may be.
  [[nodiscard]] Step schedule(Clock::time_point now);

  /// `step` has begun, and runs before every later one: from here on others can share the blocks
  /// that known tokens fill. Not needed before settle().
  void begun(const Step& step) { commit(step); }

  /// The items of `step` have been computed, and the tokens that they follow are known.
  void settle(const Step& step) { commit(step); }

  /// It has ended: its blocks can be used again.
  void finish(Track& track);

  /// Ends all that were running, and empties the prefix cache: what the blocks hold is lost.
  [[nodiscard]] std::vector<Track*> drop_running();

  /// Ends all that were waiting.
  [[nodiscard]] std::vector<Track*> drop_waiting();

  /// In the order of submission.
  [[nodiscard]] std::span<Track* const> waiting() const noexcept { return waiting_; }
  [[nodiscard]] bool has_work() const noexcept { return !waiting_.empty() || !running_.empty(); }
  [[nodiscard]] std::int64_t num_waiting() const noexcept { return std::ssize(waiting_); }
  [[nodiscard]] std::int64_t num_running() const noexcept { return std::ssize(running_); }
  [[nodiscard]] std::int64_t waiting_prompt_tokens() const noexcept { return waiting_tokens_; }

 private:
  [[nodiscard]] bool is_due(const Track& track) const noexcept {
    return track.passed_over >= options_.max_passed_over;
  }
  [[nodiscard]] bool goes_first(const Track& a, const Track& b) const noexcept;
  void sweep(std::vector<Track*>& tracks, Clock::time_point now, Step& step);
  void admit();
  void cut(Step& step);
  void commit(const Step& step);
  void take_up(Track& track);

  SchedulerOptions options_;
  BlockPool& pool_;
  std::vector<Track*> waiting_;  ///< In the order of submission.
  std::vector<Track*> running_;  ///< In the order of admission.
  std::int64_t waiting_tokens_ = 0;
};

}  // namespace sluice::inference
