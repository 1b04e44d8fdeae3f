#pragma once

#include "base/core_pool.h"
#include "base/metrics.h"
#include "base/task.h"
#include "inference/completion_request.h"
#include "inference/generation.h"
#include "inference/load_facts.h"
#include "inference/vocabulary.h"
#include "sinks/inference_spec.h"
#include "sinks/sink.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice {

namespace inference {
class LanguageModel;
}  // namespace inference

/// What became of requests to a model: the outcomes of sluice_inference_requests_total.
enum class InferenceOutcome : std::uint8_t {
  stop,       ///< The model ended, or a stop text came.
  length,     ///< max_tokens or the context were used up.
  cancelled,  ///< The caller left, or the process stops.
  expired,    ///< The deadline passed first.
  error,      ///< The device failed, or the model is not there.
  refused,    ///< A bad prompt or one too long.
  rejected,   ///< The queue was full.
};
inline constexpr std::size_t kInferenceOutcomes = 7;
[[nodiscard]] std::string_view to_string(InferenceOutcome outcome) noexcept;

struct InferenceCounters {
  std::array<std::atomic<std::uint64_t>, kInferenceOutcomes> requests{};
  std::atomic<std::uint64_t> prompt_tokens{0};
  std::atomic<std::uint64_t> completion_tokens{0};
  Histogram time_to_first_token;
};

/// A completion on its way to one coroutine: chunks, then the completion or an error. Dropped
/// before its end, it ends the generation too.
class CompletionStream {
 public:
  using Item = std::variant<inference::CompletionChunk, inference::Completion>;
  virtual ~CompletionStream() = default;

  /// The next chunk, or the completion, after which nothing comes. `core` is the caller's. Where
  /// `deadline` passes first, nothing is lost: it may be called again.
  /// Errors: deadline_exceeded (this one; or the generation's own, after which nothing comes);
  /// those of InferenceModel::complete(), after which nothing comes.
  virtual Task<Item> next(Core& core, Deadline deadline) = 0;
};

/// One InferenceService: a checkpoint that is loaded on a thread of its own, and an engine that all
/// cores ask. Broker threads neither load nor tokenise nor compute, and go before the model's.
///
/// Lifecycle: construct -> warm()... -> start() -> use -> stop() -> destroy.
class InferenceModel {
 public:
  enum class State : std::uint8_t {
    loading,
    ready,
    rebuilding,  ///< The device was lost, and the model is loaded anew; requests wait.
    failed,      ///< For good.
  };

  /// Who hears how loading goes, from the thread that loads; must not ask the model back.
  struct LoadListener {
    std::function<void(std::string_view stage)> on_stage;  ///< What comes next, e.g. "weights".
    std::function<void(const Result<inference::LoadFacts>&)> on_loaded;  ///< Once, at the end.
  };

  /// Makes the model of a spec: load_model() (inference_loading.h), or what a test has instead.
  using Loader = std::function<Result<std::unique_ptr<inference::LanguageModel>>(
      const InferenceServiceSpec& spec, const std::vector<inference::OutputConstraint>& warm,
      const std::function<void(std::string_view stage)>& on_stage)>;

  explicit InferenceModel(InferenceServiceSpec spec);
  InferenceModel(InferenceServiceSpec spec, Loader loader);
  ~InferenceModel();
  InferenceModel(const InferenceModel&) = delete;
  InferenceModel& operator=(const InferenceModel&) = delete;

  /// A constraint that is to be compiled before the model is ready.
  void warm(inference::OutputConstraint output);

  /// Begins to load. After stop() the listener hears nothing more.
  void start(LoadListener listener);

  /// Ends what runs, as cancelled; blocks until the step that runs has ended.
  void stop();

  [[nodiscard]] const InferenceServiceSpec& spec() const noexcept { return spec_; }
  [[nodiscard]] const std::string& name() const noexcept { return spec_.model_name; }

  [[nodiscard]] State state() const;
  /// Why it is not ready, in one line; empty when it is.
  [[nodiscard]] std::string reason() const;
  /// Tokens of prompt and completion; 0 before it is loaded.
  [[nodiscard]] std::int64_t max_context() const;
  /// What its token ids stand for; null before it is loaded. Lives as long as the model.
  [[nodiscard]] const inference::Vocabulary* vocabulary() const;

  /// The whole completion. While the model loads, waits for it. Ends by `deadline`, and ends the
  /// generation with it. `core` is the caller's.
  /// Errors: invalid_argument (a bad request, or one too long); resource_exhausted (the queue is
  /// full); deadline_exceeded; unavailable (the model could not be loaded, the device was lost);
  /// cancelled (stopped).
  Task<inference::Completion> complete(Core& core, inference::CompletionRequest request,
                                       Deadline deadline);

  /// The same in pieces. `deadline` is the generation's.
  [[nodiscard]] std::unique_ptr<CompletionStream> stream(inference::CompletionRequest request,
                                                         Deadline deadline);

  [[nodiscard]] const InferenceCounters& counters() const noexcept;
  /// What a request that asks nothing ends in: counted as refused.
  [[nodiscard]] Attempt refuse(const Error& why);

  /// Requests that have not ended, and of these, those that wait for their turn.
  [[nodiscard]] std::int64_t under_way() const;
  [[nodiscard]] std::int64_t queue_depth() const;
  /// How often its device was lost and it was loaded anew.
  [[nodiscard]] std::int64_t rebuilds() const;

 private:
  struct Shared;
  class Stream;

  InferenceServiceSpec spec_;
  Loader loader_;
  std::vector<inference::OutputConstraint> warm_;
  std::shared_ptr<Shared> shared_;  ///< With the thread that loads, and with streams.
};

using InferenceModelPtr = std::shared_ptr<InferenceModel>;

}  // namespace sluice
