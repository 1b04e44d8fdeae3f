#include "inference/language_model.h"

#include "inference/backend_loading.h"
#include "inference/grammar_cache.h"
#include "inference/grammar_mask.h"
#include "inference/model_size.h"

#include <algorithm>
#include <utility>

namespace sluice::inference {
namespace {

void report(const LanguageModelOptions& options, std::string_view stage) {
  if (options.on_stage) options.on_stage(stage);
}

TokenRules rules_of(const Tokenizer& tokenizer) {
  TokenRules rules;
  rules.think_open = tokenizer.find_control("<think>");
  rules.think_close = tokenizer.find_control("</think>");
  if (rules.think_close) {
    rules.forced_close = tokenizer.encode("\n");
    rules.forced_close.push_back(*rules.think_close);
    for (const TokenId id : tokenizer.encode("\n\n")) rules.forced_close.push_back(id);
  }
  for (const char* name : {"<tool_call>", "</tool_call>"}) {
    if (const auto id = tokenizer.find_control(name)) rules.visible_controls.push_back(*id);
  }
  return rules;
}

/// The model's own way to sample, and over it what the request says.
SamplingParams sampling_of(const CompletionRequest& request, const GenerationConfig& model) {
  SamplingParams sampling;
  if (model.do_sample) {
    sampling.temperature = model.temperature;
    sampling.top_k = model.top_k;
    sampling.top_p = model.top_p;
  }
  sampling.temperature = request.temperature.value_or(sampling.temperature);
  sampling.top_k = std::max(request.top_k.value_or(sampling.top_k), std::int64_t{0});
  sampling.top_p = request.top_p.value_or(sampling.top_p);
  sampling.min_p = request.min_p.value_or(sampling.min_p);
  sampling.presence_penalty = request.presence_penalty.value_or(sampling.presence_penalty);
  sampling.frequency_penalty = request.frequency_penalty.value_or(sampling.frequency_penalty);
  sampling.repetition_penalty = request.repetition_penalty.value_or(sampling.repetition_penalty);
  sampling.seed = request.seed.value_or(sampling.seed);
  sampling.top_logprobs = request.top_logprobs;
  return sampling;
}

}  // namespace

LanguageModel::LanguageModel() = default;
LanguageModel::~LanguageModel() = default;

BackendRequest request_of(const LanguageModelOptions& options) {
  BackendRequest request;
  request.device = options.device;
  request.format = options.format;
  request.kv_cache_bytes = options.kv_cache_bytes;
  request.max_context = options.max_context;
  request.threads = options.threads;
  request.determinism = options.determinism;
  request.max_running = options.max_running;
  return request;
}

Result<std::unique_ptr<LanguageModel>> LanguageModel::load(const LanguageModelOptions& options) {
  const auto started = std::chrono::steady_clock::now();
  std::unique_ptr<LanguageModel> model(new LanguageModel());
  report(options, "configuration");
  INFERENCE_TRY(model->config_, load_model_config(options.dir));
  INFERENCE_TRY(model->generation_, load_generation_config(options.dir));
  report(options, "tokenizer");
  INFERENCE_CHECK(model->load_text(options));
  report(options, "weights");
  INFERENCE_CHECK(model->load_engine(options));
  model->facts_.load_time = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started);
  return model;
}

Result<void> LanguageModel::load_text(const LanguageModelOptions& options) {
  INFERENCE_TRY(Tokenizer tokenizer, Tokenizer::load(options.dir));
  tokenizer_ = std::make_unique<Tokenizer>(std::move(tokenizer));
  const auto ids = static_cast<std::int64_t>(tokenizer_->vocabulary().size());
  if (ids > config_.vocab_size) {
    return fail(Errc::invalid_argument,
                (options.dir / "tokenizer.json").string() + ": has " + std::to_string(ids) +
                    " ids, vocab_size in config.json is " + std::to_string(config_.vocab_size));
  }
  INFERENCE_TRY(ChatTemplate chat, options.chat_template.empty()
                                       ? ChatTemplate::load(options.dir)
                                       : ChatTemplate::named(options.chat_template));
  template_ = std::make_unique<ChatTemplate>(chat);
  enable_thinking_ = options.enable_thinking;
  // The tokenizer outlives whoever gets the vocabulary from here.
  grammars_ = std::make_unique<GrammarCache>(
      std::shared_ptr<const Vocabulary>(std::shared_ptr<void>(), &tokenizer_->vocabulary()));
  return {};
}

Result<void> LanguageModel::load_engine(const LanguageModelOptions& options) {
  EngineOptions engine;
  engine.scheduler.max_running = options.max_running;
  engine.scheduler.max_step_tokens =
      std::max(engine.scheduler.max_step_tokens, options.max_running);
  engine.scheduler.max_queued_requests = options.max_queued;
  BackendRequest request = request_of(options);
  request.max_step_tokens = engine.scheduler.max_step_tokens;
  LoadedBackend loaded;
  if (options.make_backend) {
    INFERENCE_TRY(loaded.backend, options.make_backend(config_));
  } else {
    INFERENCE_TRY(loaded, load_backend(options.dir, config_, request));
  }
  engine.max_context = options.max_context;
  engine.rules = rules_of(*tokenizer_);
  engine.rebuild = [dir = options.dir, config = config_, request,
                    make = options.make_backend](const Error&) -> Result<std::unique_ptr<Backend>> {
    if (make) return make(config);
    INFERENCE_TRY(LoadedBackend again, load_backend(dir, config, request));
    return std::move(again.backend);
  };
  think_mark_tokens_ = 1 + std::ssize(engine.rules.forced_close);
  facts_.weight_bytes = stored_bytes(config_, loaded.stored);
  facts_.place = loaded.device;
  facts_.format = loaded.format;
  facts_.device = loaded.backend->description();
  facts_.why_cpu = std::move(loaded.why_cpu);
  facts_.kv_cache_bytes = loaded.backend->num_kv_blocks() * kv_block_bytes(config_, loaded.format);
  engine_ = std::make_unique<Engine>(std::move(engine), std::move(loaded.backend),
                                     tokenizer_->vocabulary());
  facts_.max_context = engine_->max_context();
  return {};
}

Result<RenderedPrompt> LanguageModel::render(const CompletionRequest& request) const {
  if (request.messages.empty()) {
    RenderedPrompt prompt;
    prompt.tokens = tokenizer_->encode(request.prompt);
    return prompt;
  }
  ChatRequest chat;
  chat.messages = request.messages;
  chat.tools = request.tools;
  chat.enable_thinking = request.enable_thinking.value_or(enable_thinking_);
  return template_->render(chat, *tokenizer_);
}

Result<GenerationRequest> LanguageModel::prepare(const CompletionRequest& request) {
  GenerationRequest generation;
  INFERENCE_TRY(RenderedPrompt prompt, render(request));
  generation.prompt = std::move(prompt.tokens);
  generation.starts_thinking = prompt.starts_thinking;
  generation.may_think = !request.messages.empty() &&
                         template_->thinking() == ThinkingMode::switchable &&
                         request.enable_thinking.value_or(enable_thinking_);
  generation.max_thinking_tokens = request.max_thinking_tokens;
  generation.sampling = sampling_of(request, generation_);
  generation.stop = request.stop;
  generation.stop_token_ids = generation_.eos_token_ids;
  generation.priority = request.priority;
  const std::int64_t room = engine_->max_context() - std::ssize(generation.prompt);
  if (room < 1) {
    return fail(Errc::invalid_argument,
                "the prompt has " + std::to_string(generation.prompt.size()) +
                    " tokens, the context " + std::to_string(engine_->max_context()));
  }
  generation.max_tokens = request.max_tokens.value_or(room);
  if (!request.output.is_set()) return generation;

  INFERENCE_TRY(const auto grammar, grammars_->compile(request.output));
  INFERENCE_TRY(const auto trie, grammars_->trie());
  auto mask = make_token_mask(grammar, trie);
  if (!request.max_tokens && !request.output.choices.empty() && !generation.may_think &&
      !generation.starts_thinking) {
    // Each token has a byte at least, and what is not reserved serves others.
    const auto longest = std::ranges::max(request.output.choices, {}, &std::string::size).size();
    generation.max_tokens = std::min(room, static_cast<std::int64_t>(longest) + 1);
  }
  std::int64_t needed = mask->min_tokens();
  if (generation.may_think || generation.starts_thinking) needed += think_mark_tokens_;
  if (needed > generation.max_tokens) {
    return fail(Errc::invalid_argument, "max_tokens " + std::to_string(generation.max_tokens) +
                                            ": the shortest output takes " +
                                            std::to_string(needed) + " tokens");
  }
  generation.mask = std::move(mask);
  return generation;
}

}  // namespace sluice::inference
