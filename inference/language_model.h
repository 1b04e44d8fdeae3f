#pragma once

#include "inference/backend.h"
#include "inference/backend_loading.h"
#include "inference/chat_template.h"
#include "inference/completion_request.h"
#include "inference/cpu_backend.h"
#include "inference/device_choice.h"
#include "inference/engine.h"
#include "inference/generation.h"
#include "inference/grammar_cache.h"
#include "inference/load_facts.h"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::inference {

/// How a model is loaded and how much it may take.
struct LanguageModelOptions {
  std::filesystem::path dir;  ///< A Hugging Face checkpoint.
  Device device = Device::automatic;
  std::optional<WeightFormat> format;
  Determinism determinism = Determinism::strict;
  int threads = 0;                  ///< 0: default_threads().
  std::int64_t kv_cache_bytes = 0;  ///< 0: default_kv_cache_bytes(); of a GPU, CudaOptions' own.
  std::int64_t max_context = 0;     ///< Tokens; 0: what model and cache allow.
  std::int64_t max_running = 64;
  std::int64_t max_queued = 256;
  bool enable_thinking = false;  ///< Where a request does not say.
  std::string chat_template;     ///< A name (ChatTemplate::named); empty: the checkpoint's own.
  /// Instead of `device` and what goes with it; also for another after one was lost. May be empty.
  std::function<Result<std::unique_ptr<Backend>>(const ModelConfig& config)> make_backend;
  /// Called with what comes next while it loads: "configuration", "tokenizer", "weights".
  std::function<void(std::string_view stage)> on_stage;
};

/// What a model with these options asks of its backend.
[[nodiscard]] BackendRequest request_of(const LanguageModelOptions& options);

/// A checkpoint that is ready to be asked: its files read, and an engine that runs it. Where the
/// device is lost, the engine has it loaded once more: Engine::readiness() says how that goes.
class LanguageModel {
 public:
  /// Errors: those of the files, naming file and key; invalid_argument for options; unavailable
  /// (no such device here); resource_exhausted (memory).
  [[nodiscard]] static Result<std::unique_ptr<LanguageModel>> load(
      const LanguageModelOptions& options);

  ~LanguageModel();
  LanguageModel(const LanguageModel&) = delete;
  LanguageModel& operator=(const LanguageModel&) = delete;

  /// Text to tokens, defaults filled in, the constraint compiled: what Engine::submit() takes but
  /// for the deadline. Takes time in proportion to the prompt and the constraint. Any thread.
  /// Errors: invalid_argument, naming the field; so also where the prompt is too long.
  [[nodiscard]] Result<GenerationRequest> prepare(const CompletionRequest& request);

  /// Compiled constraints: what is asked for ahead is there when the first prompt comes.
  [[nodiscard]] GrammarCache& grammars() noexcept { return *grammars_; }

  [[nodiscard]] const ModelConfig& config() const noexcept { return config_; }
  [[nodiscard]] const Tokenizer& tokenizer() const noexcept { return *tokenizer_; }
  /// As it was loaded first.
  [[nodiscard]] const LoadFacts& facts() const noexcept { return facts_; }
  [[nodiscard]] Engine& engine() noexcept { return *engine_; }
  [[nodiscard]] const Engine& engine() const noexcept { return *engine_; }

 private:
  LanguageModel();
  Result<void> load_text(const LanguageModelOptions& options);
  Result<void> load_engine(const LanguageModelOptions& options);
  [[nodiscard]] Result<RenderedPrompt> render(const CompletionRequest& request) const;

  ModelConfig config_;
  GenerationConfig generation_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<ChatTemplate> template_;
  std::unique_ptr<GrammarCache> grammars_;
  bool enable_thinking_ = false;
  std::int64_t think_mark_tokens_ = 0;  ///< Of both marks of a think block.
  LoadFacts facts_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace sluice::inference
