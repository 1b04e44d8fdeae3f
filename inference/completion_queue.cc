#include "inference/completion_queue.h"

#include <utility>

namespace sluice::inference {
namespace {

Completion ended(FinishReason reason) {
  Completion completion;
  completion.reason = reason;
  return completion;
}

Completion failed(Error error) {
  Completion completion;
  completion.reason = FinishReason::error;
  completion.error_code = error.code;
  completion.error = std::move(error.detail);
  return completion;
}

}  // namespace

CompletionQueue::CompletionQueue(LanguageModel& model, std::int64_t max_queued)
    : model_(model), max_queued_(max_queued), thread_([this] { run(); }) {}

CompletionQueue::~CompletionQueue() { stop(); }

CompletionQueue::Ticket CompletionQueue::submit(CompletionRequest request,
                                                Clock::time_point deadline,
                                                CompletionCallbacks callbacks) {
  const std::int64_t in_engine = model_.engine().stats().queued_requests;
  std::unique_lock lock(mutex_);
  const Ticket ticket = ++last_ticket_;
  if (is_stopping_) {
    lock.unlock();
    callbacks.on_done(ended(FinishReason::cancelled));
    return ticket;
  }
  if (std::ssize(waiting_) + in_engine >= max_queued_) {
    lock.unlock();
    callbacks.on_done(failed(fail(
        Errc::resource_exhausted,
        "the model's queue is full: " + std::to_string(max_queued_) + " requests wait already")));
    return ticket;
  }
  open_.emplace(ticket, Open());
  waiting_.push_back({ticket, std::move(request), deadline, std::move(callbacks)});
  wake_.notify_one();
  return ticket;
}

void CompletionQueue::cancel(Ticket ticket) {
  GenerationId generation = 0;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(ticket);
    if (found == open_.end()) return;
    found->second.cancelled = true;
    generation = found->second.generation;
  }
  if (generation != 0) model_.engine().cancel(generation);
}

void CompletionQueue::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  model_.engine().stop();
}

std::int64_t CompletionQueue::under_way() const {
  const std::scoped_lock lock(mutex_);
  return std::ssize(open_);
}

std::int64_t CompletionQueue::depth() const {
  const std::int64_t in_engine = model_.engine().stats().queued_requests;
  const std::scoped_lock lock(mutex_);
  return std::ssize(waiting_) + in_engine;
}

void CompletionQueue::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    const bool ends = is_stopping_ || open_[entry.ticket].cancelled;
    lock.unlock();
    if (ends) {
      end(entry.ticket, entry.callbacks, ended(FinishReason::cancelled));
    } else if (entry.deadline <= Clock::now()) {
      end(entry.ticket, entry.callbacks, ended(FinishReason::expired));
    } else {
      hand_over(std::move(entry));
    }
    lock.lock();
  }
}

/// Makes the request ready and gives it to the engine.
void CompletionQueue::hand_over(Entry entry) {
  auto generation = model_.prepare(entry.request);
  if (!generation) {
    return end(entry.ticket, entry.callbacks, failed(std::move(generation).error()));
  }
  generation.value().deadline = entry.deadline;
  const Ticket ticket = entry.ticket;
  CompletionCallbacks callbacks;
  callbacks.on_chunk = entry.callbacks.on_chunk;
  callbacks.on_done = [this, ticket, theirs = entry.callbacks](Completion completion) {
    end(ticket, theirs, std::move(completion));
  };
  auto id = model_.engine().submit(std::move(generation).value(), std::move(callbacks));
  if (!id) return end(ticket, entry.callbacks, failed(std::move(id).error()));
  bool is_cancelled = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(ticket);
    if (found == open_.end()) return;  // It has ended by now.
    found->second.generation = id.value();
    is_cancelled = found->second.cancelled;
  }
  if (is_cancelled) model_.engine().cancel(id.value());
}

void CompletionQueue::end(Ticket ticket, const CompletionCallbacks& callbacks,
                          Completion completion) {
  {
    const std::scoped_lock lock(mutex_);
    open_.erase(ticket);
  }
  callbacks.on_done(std::move(completion));
}

}  // namespace sluice::inference
