#include "inference/engine.h"

#include "inference/assert.h"

#include <algorithm>
#include <utility>

namespace sluice::inference {

namespace {

RequestLimits limits_of(const EngineOptions& options, const Backend& backend) {
  std::int64_t context =
      std::min(backend.config().max_position_embeddings, backend.num_kv_blocks() * kKvBlockTokens);
  if (options.max_context > 0) context = std::min(context, options.max_context);
  return {backend.config().vocab_size, context};
}

}  // namespace

Engine::Engine(EngineOptions options, std::unique_ptr<Backend> backend, Vocabulary vocabulary)
    : options_(std::move(options)),
      backend_(std::move(backend)),
      vocabulary_(std::move(vocabulary)),
      limits_(limits_of(options_, *backend_)),
      sampler_(vocabulary_, limits_.vocab_size),
      pool_(backend_->num_kv_blocks(), options_.prefix_cache),
      scheduler_(options_.scheduler, pool_) {
  const TokenRules& rules = options_.rules;
  INFERENCE_ASSERT(
      rules.forced_close.empty() ||
      (rules.think_close && std::ranges::count(rules.forced_close, *rules.think_close) == 1));
  thread_ = std::thread([this] { run(); });
  thread_id_ = thread_.get_id();
}

Engine::~Engine() { stop(); }

Result<GenerationId> Engine::submit(GenerationRequest request, CompletionCallbacks callbacks) {
  INFERENCE_CHECK(check_request(request, limits_, options_.rules));
  auto generation = std::make_unique<LiveGeneration>(std::move(request), std::move(callbacks),
                                                     options_.rules, vocabulary_, options_.now());
  const std::scoped_lock lock(mutex_);
  if (is_stopping_) return fail(Errc::cancelled, "the engine has stopped");
  generation->track().id = last_id_ + 1;
  INFERENCE_CHECK(scheduler_.enqueue(generation->track()));
  ++last_id_;
  generations_.emplace(last_id_, std::move(generation));
  wake_.notify_one();
  return last_id_;
}

void Engine::cancel(GenerationId id) {
  const std::scoped_lock lock(mutex_);
  scheduler_.cancel(id);
}

void Engine::stop() {
  INFERENCE_ASSERT(std::this_thread::get_id() != thread_id_);
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  const std::scoped_lock lock(join_mutex_);
  if (thread_.joinable()) thread_.join();
}

EngineStats Engine::stats() const {
  const std::scoped_lock lock(mutex_);
  EngineStats stats = totals_;
  stats.queued_requests = scheduler_.num_waiting();
  stats.queued_prompt_tokens = scheduler_.waiting_prompt_tokens();
  stats.running = scheduler_.num_running();
  stats.kv_blocks = pool_.num_blocks();
  stats.kv_blocks_used = pool_.num_used();
  stats.kv_blocks_reserved = pool_.num_reserved();
  stats.kv_blocks_cached = pool_.num_cached();
  return stats;
}

void Engine::run() {
  while (wait_for_work()) {
    const Step step = schedule();
    for (const auto& [track, reason] : step.ended) end(track->id, reason);
    if (auto done = forward(step); !done) {
      fail_running(done.error());
      continue;
    }
    const std::int64_t generated = sample(step);
    settle(step, generated);
  }
  end_all();
}

bool Engine::wait_for_work() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return is_stopping_ || scheduler_.has_work(); });
  return !is_stopping_;
}

Step Engine::schedule() {
  const std::scoped_lock lock(mutex_);
  return scheduler_.schedule(options_.now());
}

Result<void> Engine::forward(const Step& step) {
  if (step.items.empty()) return {};
  std::vector<StepPart> parts;
  std::size_t rows = 0;
  for (const StepItem& item : step.items) {
    const Track& track = *item.track;
    const auto tokens = std::span(track.tokens)
                            .subspan(static_cast<std::size_t>(track.computed),
                                     static_cast<std::size_t>(item.num_tokens));
    parts.push_back({tokens, track.computed, track.table.blocks, item.wants_logits()});
    if (item.wants_logits()) ++rows;
  }
  logits_.resize(rows * static_cast<std::size_t>(limits_.vocab_size));
  return backend_->forward(parts, logits_);
}

/// Returns how many tokens that made.
std::int64_t Engine::sample(const Step& step) {
  std::int64_t generated = 0;
  const auto row_size = static_cast<std::size_t>(limits_.vocab_size);
  std::span<float> left = logits_;
  for (const StepItem& item : step.items) {
    if (!item.wants_logits()) continue;
    const std::int64_t before = std::ssize(item.track->tokens);
    live(*item.track).advance(sampler_, left.first(row_size), options_.now());
    generated += std::ssize(item.track->tokens) - before;
    left = left.subspan(row_size);
  }
  return generated;
}

/// The step's results become everyone's: the cache, the counters, the callers.
void Engine::settle(const Step& step, std::int64_t generated) {
  std::vector<LiveGeneration*> generations;
  {
    const std::scoped_lock lock(mutex_);
    scheduler_.settle(step);
    totals_.generated_tokens += generated;
    if (!step.items.empty()) ++totals_.steps;
    for (const StepItem& item : step.items) {
      totals_.computed_tokens += item.num_tokens;
      generations.push_back(generations_.at(item.track->id).get());
    }
  }
  for (LiveGeneration* generation : generations) {
    if (const auto reason = generation->finished()) {
      end(generation->track().id, *reason);
    } else {
      generation->give_chunk();
    }
  }
}

void Engine::fail_running(const Error& error) {
  std::vector<Track*> dropped;
  {
    const std::scoped_lock lock(mutex_);
    ++totals_.failed_steps;
    dropped = scheduler_.drop_running();
  }
  for (const Track* track : dropped) end(track->id, FinishReason::error, error);
}

void Engine::end_all() {
  std::vector<Track*> dropped;
  {
    const std::scoped_lock lock(mutex_);
    dropped = scheduler_.drop_running();
    const auto waiting = scheduler_.drop_waiting();
    dropped.insert(dropped.end(), waiting.begin(), waiting.end());
  }
  for (const Track* track : dropped) end(track->id, FinishReason::cancelled);
  INFERENCE_ASSERT(generations_.empty());
}

/// The one way out: who is taken from the map is completed, and nobody is taken twice.
void Engine::end(GenerationId id, FinishReason reason, Error error) {
  std::unique_ptr<LiveGeneration> generation;
  {
    const std::scoped_lock lock(mutex_);
    auto node = generations_.extract(id);
    INFERENCE_ASSERT(!node.empty());
    generation = std::move(node.mapped());
    Track& track = generation->track();
    scheduler_.finish(track);
    ++totals_.ended[static_cast<std::size_t>(reason)];
    totals_.prompt_tokens += track.prompt_tokens;
    totals_.cached_tokens += std::min(track.cached_tokens, track.prompt_tokens);
  }
  generation->complete(reason, std::move(error));
}

LiveGeneration& Engine::live(const Track& track) {
  const std::scoped_lock lock(mutex_);
  return *generations_.at(track.id);
}

}  // namespace sluice::inference
