#include "inference/scheduler.h"

#include "inference/assert.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace sluice::inference {

namespace {

/// Its last token is computed, or about to be: what comes next, the step in flight chooses.
bool awaits_token(const Track& track) { return track.computed >= std::ssize(track.tokens); }

/// Whether there is something to compute; nothing is, when the token in flight is the last.
bool can_go_on(const Track& track) {
  return !awaits_token(track) ||
         std::ssize(track.tokens) + 1 < track.prompt_tokens + track.max_tokens;
}

bool is_decode(const Track& track) { return std::ssize(track.tokens) - track.computed <= 1; }

}  // namespace

Scheduler::Scheduler(const SchedulerOptions& options, BlockPool& pool)
    : options_(options), pool_(pool) {
  INFERENCE_ASSERT(options.max_running > 0);
  INFERENCE_ASSERT(options.max_step_tokens >= options.max_running);
  INFERENCE_ASSERT(options.max_queued_requests > 0);
  INFERENCE_ASSERT(options.max_passed_over > 0);
}

Result<void> Scheduler::enqueue(Track& track) {
  const std::int64_t blocks = blocks_for(track.prompt_tokens + track.max_tokens);
  if (blocks > pool_.num_blocks()) {
    return fail(Errc::invalid_argument, "prompt and max_tokens need " + std::to_string(blocks) +
                                            " blocks of the KV cache, which has " +
                                            std::to_string(pool_.num_blocks()));
  }
  if (num_waiting() >= options_.max_queued_requests) {
    return fail(Errc::resource_exhausted,
                "the queue is full: " + std::to_string(num_waiting()) + " requests are waiting");
  }
  if (!waiting_.empty() &&
      track.prompt_tokens > options_.max_queued_prompt_tokens - waiting_tokens_) {
    return fail(
        Errc::resource_exhausted,
        "the queue is full: prompts of " + std::to_string(waiting_tokens_) + " tokens are waiting");
  }
  waiting_.push_back(&track);
  waiting_tokens_ += track.prompt_tokens;
  return {};
}

bool Scheduler::cancel(GenerationId id) {
  for (auto* tracks : {&waiting_, &running_}) {
    const auto found = std::ranges::find(*tracks, id, &Track::id);
    if (found == tracks->end()) continue;
    (*found)->cancelled = true;
    return true;
  }
  return false;
}

Step Scheduler::schedule(Clock::time_point now) {
  Step step;
  sweep(waiting_, now, step);
  sweep(running_, now, step);
  admit();
  cut(step);
  INFERENCE_ASSERT(!step.items.empty() || !has_work() ||
                   std::ranges::any_of(running_, [](Track* t) { return awaits_token(*t); }));
  return step;
}

void Scheduler::sweep(std::vector<Track*>& tracks, Clock::time_point now, Step& step) {
  std::vector<std::pair<Track*, FinishReason>> ended;
  for (Track* track : tracks) {
    if (track->cancelled) {
      ended.emplace_back(track, FinishReason::cancelled);
    } else if (track->deadline <= now) {
      ended.emplace_back(track, FinishReason::expired);
    }
  }
  for (const auto& [track, reason] : ended) finish(*track);
  step.ended.insert(step.ended.end(), ended.begin(), ended.end());
}

bool Scheduler::goes_first(const Track& a, const Track& b) const noexcept {
  if (is_due(a) != is_due(b)) return is_due(a);
  return !is_due(a) && a.priority > b.priority;  // Else as they stand in the list.
}

void Scheduler::admit() {
  while (!waiting_.empty() && num_running() < options_.max_running) {
    // The first of those that nobody goes before.
    const auto next = std::ranges::min_element(
        waiting_, [this](const Track* a, const Track* b) { return goes_first(*a, *b); });
    Track& track = **next;
    if (!pool_.admit(track.table, track.tokens, track.prompt_tokens + track.max_tokens)) return;
    std::for_each(waiting_.begin(), next, [](Track* earlier) { ++earlier->passed_over; });
    waiting_.erase(next);
    waiting_tokens_ -= track.prompt_tokens;
    track.passed_over = 0;
    track.computed = track.cached_tokens = track.table.num_cached * kKvBlockTokens;
    running_.push_back(&track);
  }
}

void Scheduler::take_up(Track& track) {
  // Between its admission and its turn, another prompt with the same beginning may have run.
  const std::int64_t tokens = pool_.adopt(track.table, track.tokens) * kKvBlockTokens;
  track.computed += tokens;
  track.cached_tokens += tokens;
}

void Scheduler::cut(Step& step) {
  std::vector<Track*> order;
  std::ranges::copy_if(running_, std::back_inserter(order), [](Track* t) { return can_go_on(*t); });
  std::ranges::stable_sort(order, [&](const Track* a, const Track* b) {
    if (is_decode(*a) != is_decode(*b)) return is_decode(*a);
    return goes_first(*a, *b);
  });
  std::int64_t left = options_.max_step_tokens;
  std::int64_t choices = 0;
  for (Track* track : order) {
    if (left == 0) {
      ++track->passed_over;
      continue;
    }
    if (!is_decode(*track)) take_up(*track);
    StepItem item{track, track->computed};
    if (awaits_token(*track)) {
      item.num_tokens = 1;
      item.follows = track->choice;
    } else {
      item.num_tokens = std::min(left, std::ssize(track->tokens) - track->computed);
    }
    INFERENCE_ASSERT(item.num_tokens > 0);
    pool_.grow(track->table, item.end());
    track->computed = item.end();
    item.wants_logits = awaits_token(*track);
    if (item.wants_logits) track->choice = choices++;
    track->passed_over = 0;
    left -= item.num_tokens;
    step.items.push_back(item);
  }
}

void Scheduler::commit(const Step& step) {
  for (const StepItem& item : step.items) {
    if (item.track == nullptr) continue;
    const std::int64_t known = std::min(item.end(), std::ssize(item.track->tokens));
    pool_.commit(item.track->table,
                 std::span(item.track->tokens).first(static_cast<std::size_t>(known)));
  }
}

void Scheduler::finish(Track& track) {
  pool_.release(track.table);
  if (std::erase(waiting_, &track) > 0) waiting_tokens_ -= track.prompt_tokens;
  std::erase(running_, &track);
}

std::vector<Track*> Scheduler::drop_running() {
  for (Track* track : running_) pool_.release(track->table);
  pool_.forget();
  return std::exchange(running_, {});
}

std::vector<Track*> Scheduler::drop_waiting() {
  waiting_tokens_ = 0;
  return std::exchange(waiting_, {});
}

}  // namespace sluice::inference
