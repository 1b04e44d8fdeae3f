// The engine's own thread: steps are scheduled, begun, chosen for and collected, one ahead of the
// other where the runner overlaps.

#include "inference/assert.h"
#include "inference/engine.h"

#include <algorithm>
#include <utility>

namespace sluice::inference {

void Engine::run() {
  while (wait_for_work()) {
    if (const auto done = turn(); !done) recover(done.error());
  }
  while (!in_flight_.empty()) {
    if (const auto done = collect(); !done) recover(done.error());
  }
  std::vector<Track*> left;
  {
    const std::scoped_lock lock(mutex_);
    left = scheduler_.drop_running();
    const auto waiting = scheduler_.drop_waiting();
    left.insert(left.end(), waiting.begin(), waiting.end());
  }
  end_all(std::move(left), FinishReason::cancelled);
  INFERENCE_ASSERT(generations_.empty());
}

bool Engine::wait_for_work() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] {
    return is_stopping_ || has_lost_device_ || !in_flight_.empty() || scheduler_.has_work();
  });
  return !is_stopping_;
}

/// Begins a step, where there is anything to compute, and collects the one before it, which has run
/// meanwhile; where the runner does not overlap, the same one.
Result<void> Engine::turn() {
  INFERENCE_CHECK(check_device());
  Step next = schedule();
  for (const auto& [track, reason] : next.ended) end(track->id, reason);
  const bool begins = !next.items.empty();
  if (begins) {
    in_flight_.push_back(std::move(next));
    INFERENCE_CHECK(begin(in_flight_.back()));
  }
  if (in_flight_.size() > (begins ? 1U : 0U)) INFERENCE_CHECK(collect());
  if (begins) INFERENCE_CHECK(choose(in_flight_.back()));
  if (begins && !runner_->overlaps()) INFERENCE_CHECK(collect());
  return {};
}

Step Engine::schedule() {
  const std::scoped_lock lock(mutex_);
  return scheduler_.schedule(options_.now());
}

Result<void> Engine::begin(const Step& step) {
  parts_.clear();
  for (const StepItem& item : step.items) {
    const Track& track = *item.track;
    std::span<const TokenId> tokens;
    if (item.follows < 0) {
      tokens = std::span(track.tokens)
                   .subspan(static_cast<std::size_t>(item.position),
                            static_cast<std::size_t>(item.num_tokens));
    }
    parts_.push_back({tokens, item.position, track.table.blocks, item.wants_logits, item.follows});
  }
  INFERENCE_CHECK(runner_->begin(parts_));
  const std::scoped_lock lock(mutex_);
  scheduler_.begun(step);
  return {};
}

/// Void is the choice of who has ended, and of who has tokens that must come next.
Result<void> Engine::choose(Step& step) {
  choices_.clear();
  const auto live = find_live(step);
  for (std::size_t i = 0; i < step.items.size(); ++i) {
    StepItem& item = step.items[i];
    if (!item.wants_logits) continue;
    TokenChoice choice;
    if (live[i] != nullptr && item.end() == std::ssize(item.track->tokens)) {
      choice = live[i]->choice();
    }
    item.is_void = choice.params == nullptr;
    choices_.push_back(choice);
  }
  return runner_->choose(choices_);
}

/// Takes what the oldest step came to: its results become everyone's.
Result<void> Engine::collect() {
  INFERENCE_CHECK(runner_->collect(tokens_));
  const Step step = std::move(in_flight_.front());
  in_flight_.pop_front();
  settle(step, accept(step));
  return {};
}

/// Returns how many tokens that made.
std::int64_t Engine::accept(const Step& step) {
  const auto live = find_live(step);
  std::int64_t generated = 0;
  std::size_t choice = 0;
  for (std::size_t i = 0; i < step.items.size(); ++i) {
    const StepItem& item = step.items[i];
    if (!item.wants_logits) continue;
    INFERENCE_ASSERT(choice < tokens_.size());
    Result<TokenLogprob>& token = tokens_[choice++];
    if (live[i] == nullptr || item.is_void) continue;
    const std::int64_t before = std::ssize(item.track->tokens);
    live[i]->accept(std::move(token), options_.now());
    generated += std::ssize(item.track->tokens) - before;
  }
  return generated;
}

/// The step's results: the cache, the counters, the callers.
void Engine::settle(const Step& step, std::int64_t generated) {
  {
    const std::scoped_lock lock(mutex_);
    scheduler_.settle(step);
    totals_.generated_tokens += generated;
    ++totals_.steps;
    for (const StepItem& item : step.items) totals_.computed_tokens += item.num_tokens;
  }
  for (LiveGeneration* generation : find_live(step)) {
    if (generation == nullptr) continue;
    if (const auto reason = generation->finished()) {
      end(generation->track().id, *reason);
    } else {
      generation->give_chunk();
    }
  }
}

/// The generations of the step's items; null for those that have ended. Until the next call.
std::span<LiveGeneration* const> Engine::find_live(const Step& step) {
  live_.clear();
  const std::scoped_lock lock(mutex_);
  for (const StepItem& item : step.items) {
    live_.push_back(item.track == nullptr ? nullptr : generations_.at(item.track->id).get());
  }
  return live_;
}

}  // namespace sluice::inference
