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
      vocabulary_(std::move(vocabulary)),
      backend_(std::move(backend)),
      runner_(backend_->step_runner(vocabulary_)),
      limits_(limits_of(options_, *backend_)),
      pool_(backend_->num_kv_blocks(), options_.prefix_cache),
      scheduler_(options_.scheduler, pool_) {
  const TokenRules& rules = options_.rules;
  INFERENCE_ASSERT(
      rules.forced_close.empty() ||
      (rules.think_close && std::ranges::count(rules.forced_close, *rules.think_close) == 1));
  listen();
  thread_ = std::thread([this] { run(); });
  thread_id_ = thread_.get_id();
}

Engine::~Engine() {
  stop();
  runner_.reset();
  backend_.reset();  // What it calls uses what is destroyed before it.
}

Result<GenerationId> Engine::submit(GenerationRequest request, CompletionCallbacks callbacks) {
  INFERENCE_CHECK(check_request(request, limits(), options_.rules));
  auto generation = std::make_unique<LiveGeneration>(std::move(request), std::move(callbacks),
                                                     options_.rules, vocabulary_, options_.now());
  Track& track = generation->track();
  const std::scoped_lock lock(mutex_);
  if (is_stopping_) return fail(Errc::cancelled, "the engine has stopped");
  if (readiness_.state == EngineReadiness::State::lost) {
    return fail(Errc::unavailable, readiness_.reason);
  }
  // Once more: a smaller backend may have come since.
  INFERENCE_CHECK(check_context(track.prompt_tokens, track.max_tokens, limits_));
  track.id = last_id_ + 1;
  INFERENCE_CHECK(scheduler_.enqueue(track));
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

EngineReadiness Engine::readiness() const {
  const std::scoped_lock lock(mutex_);
  return readiness_;
}

bool Engine::is_ready() const {
  const std::scoped_lock lock(mutex_);
  return readiness_.state == EngineReadiness::State::ready;
}

RequestLimits Engine::limits() const {
  const std::scoped_lock lock(mutex_);
  return limits_;
}

void Engine::listen() {
  backend_->listen([this] {
    const std::scoped_lock lock(mutex_);
    has_lost_device_ = true;
    wake_.notify_one();
  });
}

/// Whether the device is there, as far as the backend has told.
Result<void> Engine::check_device() {
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(has_lost_device_, false)) return {};
  return fail(Errc::unavailable, "another model of this process made it fail");
}

/// What was in flight or ran is lost, and with a device that is lost, the device.
void Engine::recover(const Error& error) {
  const bool is_lost = backend_->is_lost();
  const bool has_failed = !in_flight_.empty();
  in_flight_.clear();
  std::vector<Track*> dropped;
  {
    const std::scoped_lock lock(mutex_);
    if (has_failed) ++totals_.failed_steps;
    if (is_lost) {
      readiness_ = {EngineReadiness::State::rebuilding,
                    "the device was lost, the model is loaded anew: " + error.detail};
    }
    dropped = scheduler_.drop_running();
  }
  end_all(std::move(dropped), FinishReason::error,
          is_lost ? fail(Errc::unavailable, "the device was lost: " + error.detail) : error);
  if (is_lost) rebuild(error);
}

void Engine::rebuild(const Error& error) {
  runner_.reset();
  backend_.reset();
  {
    const std::scoped_lock lock(mutex_);
    has_lost_device_ = false;  // That was this loss.
    if (is_stopping_) return;
  }
  auto made = options_.rebuild ? options_.rebuild(error) : Result<std::unique_ptr<Backend>>(error);
  if (made) return adopt(std::move(made).value());
  std::vector<Track*> dropped;
  std::string reason = "the device was lost: " + error.detail;
  if (options_.rebuild) reason += "; it did not come back: " + made.error().detail;
  {
    const std::scoped_lock lock(mutex_);
    readiness_ = {EngineReadiness::State::lost, reason};
    dropped = scheduler_.drop_waiting();
  }
  end_all(std::move(dropped), FinishReason::error, fail(Errc::unavailable, std::move(reason)));
}

/// Goes on with `backend`. Who waits keeps its place.
void Engine::adopt(std::unique_ptr<Backend> backend) {
  backend_ = std::move(backend);
  runner_ = backend_->step_runner(vocabulary_);
  listen();
  std::vector<std::pair<GenerationId, Error>> unfit;
  {
    const std::scoped_lock lock(mutex_);
    const RequestLimits limits = limits_of(options_, *backend_);
    INFERENCE_ASSERT(limits.vocab_size == limits_.vocab_size);
    limits_ = limits;
    pool_ = BlockPool(backend_->num_kv_blocks(), options_.prefix_cache);
    ++totals_.rebuilds;
    readiness_ = {};
    for (const Track* track : scheduler_.waiting()) {
      const auto fits = check_context(track->prompt_tokens, track->max_tokens, limits_);
      if (!fits) unfit.emplace_back(track->id, fits.error());
    }
  }
  for (auto& [id, error] : unfit) end(id, FinishReason::error, std::move(error));
}

void Engine::end_all(std::vector<Track*> tracks, FinishReason reason, const Error& error) {
  for (const Track* track : tracks) end(track->id, reason, error);
}

/// The one way out: who is taken from the map is completed, and nobody is taken twice. Its blocks
/// can be used again at once: a step that still writes into them runs before any that is to come.
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
  for (Step& step : in_flight_) {
    const auto item = std::ranges::find(step.items, &generation->track(), &StepItem::track);
    if (item != step.items.end()) item->track = nullptr;
  }
  generation->complete(reason, std::move(error));
}

}  // namespace sluice::inference
