#include "sinks/inference_model.h"

#include "base/handover.h"
#include "base/mailbox.h"
#include "base/side_thread.h"
#include "inference/completion_queue.h"
#include "sinks/inference_loading.h"

#include <sys/resource.h>

#include <mutex>
#include <utility>

namespace sluice {
namespace {

using inference::Completion;
using inference::CompletionChunk;
using inference::FinishReason;
using std::chrono::steady_clock;

// The model's threads give way to the cores; they inherit it from the one that loads.
constexpr int kNiceness = 10;

InferenceOutcome outcome_of(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument:
      return InferenceOutcome::refused;
    case Errc::resource_exhausted:
      return InferenceOutcome::rejected;
    case Errc::deadline_exceeded:
      return InferenceOutcome::expired;
    case Errc::cancelled:
      return InferenceOutcome::cancelled;
    default:
      return InferenceOutcome::error;
  }
}

/// The completion, where it is one: stop or length.
Result<Completion> result_of(Completion completion, Deadline deadline) {
  switch (completion.reason) {
    case FinishReason::stop:
    case FinishReason::length:
      return completion;
    case FinishReason::error:
      return from_engine(inference::fail(completion.error_code, completion.error));
    case FinishReason::cancelled:
      if (steady_clock::now() < deadline) return fail(Errc::cancelled, "the model was stopped");
      break;
    case FinishReason::expired:
      break;
  }
  return fail(Errc::deadline_exceeded, "the deadline passed before the completion was whole");
}

}  // namespace

std::string_view to_string(InferenceOutcome outcome) noexcept {
  static constexpr std::array<std::string_view, kInferenceOutcomes> kNames = {
      "stop", "length", "cancelled", "expired", "error", "refused", "rejected"};
  return kNames[static_cast<std::size_t>(outcome)];
}

/// What the thread that loads, the streams and the model hold together.
struct InferenceModel::Shared {
  InferenceCounters counters;
  Handover<bool> loaded;  // Whether it could be.

  mutable std::mutex mutex;  // Guards what follows; what the pointers point to is thread safe.
  State state = State::loading;
  std::string reason = "is loading";
  bool stopping = false;
  std::unique_ptr<inference::LanguageModel> model;
  std::unique_ptr<inference::CompletionQueue> queue;

  void take(Result<std::unique_ptr<inference::LanguageModel>> result,
            const InferenceServiceSpec& spec, const LoadListener& listener);
  void enter(std::string_view stage, const LoadListener& listener);
  void count(InferenceOutcome outcome) {
    counters.requests[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  }
  void count(const Completion& completion, const Result<Completion>& result);
};

void InferenceModel::Shared::take(Result<std::unique_ptr<inference::LanguageModel>> result,
                                  const InferenceServiceSpec& spec, const LoadListener& listener) {
  const std::lock_guard lock(mutex);
  if (stopping) return;
  if (result) {
    model = std::move(result).value();
    queue = std::make_unique<inference::CompletionQueue>(*model, spec.max_num_queued);
    state = State::ready;
    reason.clear();
    listener.on_loaded(model->facts());
  } else {
    state = State::failed;
    reason = result.error().detail;
    listener.on_loaded(result.error());
  }
  loaded.give(model != nullptr);
}

void InferenceModel::Shared::enter(std::string_view stage, const LoadListener& listener) {
  const std::lock_guard lock(mutex);
  if (stopping) return;
  reason = "is loading: " + std::string(stage);
  listener.on_stage(stage);
}

void InferenceModel::Shared::count(const Completion& completion, const Result<Completion>& result) {
  if (!result) return count(outcome_of(result.error().code));
  count(completion.reason == FinishReason::length ? InferenceOutcome::length
                                                  : InferenceOutcome::stop);
  counters.prompt_tokens.fetch_add(static_cast<std::uint64_t>(completion.prompt_tokens),
                                   std::memory_order_relaxed);
  counters.completion_tokens.fetch_add(completion.tokens.size(), std::memory_order_relaxed);
  counters.time_to_first_token.observe(
      std::chrono::duration<double>(completion.time_to_first_token).count());
}

/// A request from when it is made until its completion has been taken.
class InferenceModel::Stream final : public CompletionStream {
 public:
  Stream(std::shared_ptr<Shared> shared, inference::CompletionRequest request, Deadline deadline)
      : shared_(std::move(shared)), request_(std::move(request)), deadline_(deadline) {}

  ~Stream() override {
    if (queue_ != nullptr && !has_ended_) queue_->cancel(ticket_);
  }

  /// Chunks are not asked for: next() gives the completion at once.
  void take_whole() noexcept { wants_chunks_ = false; }

  Task<Item> next(Core& core, Deadline deadline) override {
    const Deadline until = std::min(deadline, deadline_);
    if (queue_ == nullptr) {
      const auto submitted = co_await submit(core, until);
      if (!submitted) co_return submitted.error();
    }
    auto item = co_await mailbox_->take(core, until);
    if (!item) co_return fail(Errc::deadline_exceeded, "the model's answer did not come in time");
    if (auto* const chunk = std::get_if<CompletionChunk>(&*item)) co_return Item(std::move(*chunk));
    has_ended_ = true;
    auto& ended = std::get<Result<Completion>>(*item);
    if (!ended) co_return std::move(ended).error();
    co_return Item(std::move(ended).value());
  }

 private:
  using Given = std::variant<CompletionChunk, Result<Completion>>;

  Task<void> submit(Core& core, Deadline deadline) {
    const std::optional<bool> loaded = co_await shared_->loaded.wait(core, deadline);
    const std::lock_guard lock(shared_->mutex);
    if (!loaded) {
      shared_->count(InferenceOutcome::expired);
      co_return fail(Errc::deadline_exceeded, "the model was not loaded in time");
    }
    if (!*loaded || shared_->stopping) {
      shared_->count(InferenceOutcome::error);
      co_return fail(Errc::unavailable, "the model is not there: " + shared_->reason);
    }
    queue_ = shared_->queue.get();
    ticket_ = queue_->submit(std::move(request_), deadline_, callbacks());
    co_return boost::outcome_v2::success();
  }

  inference::CompletionCallbacks callbacks() const {
    inference::CompletionCallbacks callbacks;
    if (wants_chunks_) {
      callbacks.on_chunk = [box = mailbox_](CompletionChunk chunk) { box->put(std::move(chunk)); };
    }
    // Not the shared state itself: it owns the queue that owns this.
    callbacks.on_done = [box = mailbox_, shared = shared_.get(),
                         deadline = deadline_](Completion completion) {
      auto result = result_of(completion, deadline);
      shared->count(completion, result);
      box->put(std::move(result));
    };
    return callbacks;
  }

  std::shared_ptr<Shared> shared_;
  inference::CompletionRequest request_;
  const Deadline deadline_;
  std::shared_ptr<Mailbox<Given>> mailbox_ = std::make_shared<Mailbox<Given>>();
  inference::CompletionQueue* queue_ = nullptr;  // Once the request is in it.
  inference::CompletionQueue::Ticket ticket_ = 0;
  bool wants_chunks_ = true;
  bool has_ended_ = false;
};

InferenceModel::InferenceModel(InferenceServiceSpec spec)
    : InferenceModel(std::move(spec), load_model) {}

InferenceModel::InferenceModel(InferenceServiceSpec spec, Loader loader)
    : spec_(std::move(spec)), loader_(std::move(loader)), shared_(std::make_shared<Shared>()) {}

InferenceModel::~InferenceModel() { stop(); }

void InferenceModel::warm(inference::OutputConstraint output) {
  warm_.push_back(std::move(output));
}

void InferenceModel::start(LoadListener listener) {
  const auto work = [shared = shared_, spec = spec_, warm = std::move(warm_), load = loader_,
                     listener](/* owns all that it touches */) {
    ::setpriority(PRIO_PROCESS, 0, kNiceness);  // Of this thread, on Linux; a wish.
    const auto on_stage = [&](std::string_view stage) { shared->enter(stage, listener); };
    shared->take(load(spec, warm, on_stage), spec, listener);
  };
  const auto started = run_aside(work);
  if (!started) shared_->take(started.error(), spec_, listener);
}

void InferenceModel::stop() {
  inference::CompletionQueue* queue = nullptr;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    queue = shared_->queue.get();
  }
  if (queue != nullptr) queue->stop();
}

InferenceModel::State InferenceModel::state() const {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->state != State::ready) return shared_->state;
  using Engine = inference::EngineReadiness::State;
  switch (shared_->model->engine().readiness().state) {
    case Engine::ready:
      return State::ready;
    case Engine::rebuilding:
      return State::rebuilding;
    case Engine::lost:
      break;
  }
  return State::failed;
}

std::string InferenceModel::reason() const {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->state != State::ready) return shared_->reason;
  return shared_->model->engine().readiness().reason;
}

std::int64_t InferenceModel::max_context() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->model ? shared_->model->engine().max_context() : 0;
}

const inference::Vocabulary* InferenceModel::vocabulary() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->model ? &shared_->model->tokenizer().vocabulary() : nullptr;
}

std::unique_ptr<CompletionStream> InferenceModel::stream(inference::CompletionRequest request,
                                                         Deadline deadline) {
  return std::make_unique<Stream>(shared_, std::move(request), deadline);
}

Task<inference::Completion> InferenceModel::complete(Core& core,
                                                     inference::CompletionRequest request,
                                                     Deadline deadline) {
  Stream stream(shared_, std::move(request), deadline);
  stream.take_whole();
  auto item = co_await stream.next(core, deadline);
  if (!item) co_return std::move(item).error();
  co_return std::get<Completion>(std::move(item).value());
}

const InferenceCounters& InferenceModel::counters() const noexcept { return shared_->counters; }

Attempt InferenceModel::refuse(const Error& why) {
  shared_->count(InferenceOutcome::refused);
  return failed_attempt(why);
}

std::int64_t InferenceModel::under_way() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue ? shared_->queue->under_way() : 0;
}

std::int64_t InferenceModel::queue_depth() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->queue ? shared_->queue->depth() : 0;
}

std::int64_t InferenceModel::rebuilds() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->model ? shared_->model->engine().stats().rebuilds : 0;
}

}  // namespace sluice
