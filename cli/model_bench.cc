// `sluice model bench`: how fast the engine is with a model on this machine, and how near that
// comes to what the memory of its device allows.

#include "cli/model_answer.h"
#include "cli/model_facts.h"
#include "inference/bandwidth.h"
#include "inference/buffer.h"
#include "inference/cuda/read_bandwidth.h"
#include "inference/model_size.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <optional>
#include <random>

namespace sluice {
namespace {

constexpr int kRounds = 3;

struct BenchFlags {
  ModelFlags model;
  std::int64_t prompt_tokens = 128;
  std::int64_t tokens = 64;
  std::int64_t batch = 1;
  std::string format = "text";
};

/// The least of several rounds: other work on the machine comes and goes.
struct Seconds {
  double prefill = 1e9;     ///< Of all prompts.
  double step = 1e9;        ///< Of one token of each generation.
  double read = 1e9;        ///< Of as many bytes as a step reads, from the memory that it reads.
  std::string why_no_read;  ///< Not empty: `read` could not be measured.
};

/// One prompt after another in `out`, none like another, of tokens that are text.
std::vector<std::vector<inference::TokenId>> make_prompts(const BenchFlags& flags,
                                                          const inference::Vocabulary& vocabulary,
                                                          std::mt19937& random) {
  std::vector<std::vector<inference::TokenId>> prompts(static_cast<std::size_t>(flags.batch));
  std::uniform_int_distribution<inference::TokenId> any(
      0, static_cast<inference::TokenId>(vocabulary.size()) - 1);
  for (auto& prompt : prompts) {
    while (std::ssize(prompt) < flags.prompt_tokens) {
      const inference::TokenId id = any(random);
      if (vocabulary.at(id).kind == inference::Vocabulary::Kind::text) prompt.push_back(id);
    }
  }
  return prompts;
}

/// How long a batch took.
struct Took {
  double all = 0;
  double first_tokens = 0;  ///< Until each had its first.
};

inference::Result<Took> run_batch(inference::Engine& engine,
                                  const std::vector<std::vector<inference::TokenId>>& prompts,
                                  std::int64_t tokens) {
  std::deque<ModelAnswer> answers;
  const auto started = std::chrono::steady_clock::now();
  inference::Result<void> result;
  for (const auto& prompt : prompts) {
    inference::GenerationRequest request;
    request.prompt = prompt;
    request.max_tokens = tokens;  // Nothing ends it before.
    ModelAnswer& answer = answers.emplace_back();
    if (auto id = engine.submit(std::move(request), answer.callbacks()); !id) {
      answers.pop_back();
      result = id.error();
      break;
    }
  }
  Took took;
  for (ModelAnswer& answer : answers) {  // Each, whatever became of the others: they live here.
    const inference::Completion done = answer.wait();
    if (done.reason != inference::FinishReason::length && result) {
      result = inference::fail(
          done.error_code,
          "a generation ended by " + std::string(to_string(done.reason)) + " " + done.error);
    }
    const std::chrono::duration<double> all = answer.ended() - started;
    const std::chrono::duration<double> first = done.time_to_first_token;
    took.all = std::max(took.all, all.count());
    took.first_tokens = std::max(took.first_tokens, first.count());
  }
  INFERENCE_CHECK(std::move(result));
  return took;
}

void read_on_gpu(std::int64_t bytes, Seconds& best) {
  const auto bandwidth = inference::read_bandwidth(/*device=*/0);
  if (bandwidth) best.read = static_cast<double>(bytes) / bandwidth.value();
  if (!bandwidth) best.why_no_read = bandwidth.error().detail;
}

inference::Result<Seconds> measure(const BenchFlags& flags, inference::LanguageModel& model,
                                   int threads, std::int64_t bytes) {
  Seconds best;
  std::optional<inference::Buffer> buffer;  // For a processor to read.
  if (model.facts().place == inference::Device::cuda) {
    read_on_gpu(bytes, best);
  } else {
    INFERENCE_TRY(buffer, inference::Buffer::make(bytes, "the bandwidth"));
    std::memset(buffer->data(), 1, static_cast<std::size_t>(bytes));
  }
  inference::ThreadPool pool(threads);
  std::mt19937 random(1);
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; buffer && i < 3; ++i) {
      best.read = std::min(best.read, inference::read_seconds(pool, buffer->data(), bytes));
    }
    // The second time the prompts are in the prefix cache, all but their ends: then only the
    // tokens that follow take time.
    const auto prompts = make_prompts(flags, model.tokenizer().vocabulary(), random);
    INFERENCE_TRY(const Took prefill, run_batch(model.engine(), prompts, 1));
    best.prefill = std::min(best.prefill, prefill.all);
    INFERENCE_TRY(const Took decode, run_batch(model.engine(), prompts, flags.tokens));
    best.step = std::min(
        best.step, (decode.all - decode.first_tokens) / static_cast<double>(flags.tokens - 1));
  }
  return best;
}

void print(const BenchFlags& flags, const inference::LoadFacts& facts, const Seconds& best,
           std::int64_t bytes) {
  const double prefill = static_cast<double>(flags.batch * flags.prompt_tokens) / best.prefill;
  const double decode = static_cast<double>(flags.batch) / best.step;
  const double bandwidth = static_cast<double>(bytes) / best.read;
  if (flags.format == "json") {
    nlohmann::ordered_json out{{"device", facts.device},
                               {"batch", flags.batch},
                               {"prompt_tokens", flags.prompt_tokens},
                               {"tokens", flags.tokens},
                               {"prefill_tokens_per_s", prefill},
                               {"decode_tokens_per_s", decode},
                               {"step_bytes", bytes}};
    if (best.why_no_read.empty()) {
      out["bandwidth_bytes_per_s"] = bandwidth;
      out["bandwidth_ratio"] = best.read / best.step;
    } else {
      out["bandwidth_problem"] = best.why_no_read;
    }
    std::cout << out.dump() << '\n';
    return;
  }
  std::array<char, 400> text;
  std::snprintf(text.data(), text.size(),
                "prefill    %9.1f tokens/s\n"
                "decode     %9.1f tokens/s, %.3f ms a step\n",
                prefill, decode, best.step * 1e3);
  std::cout << facts.device << "; " << count_text(flags.batch, "generation") << " of "
            << flags.prompt_tokens << " + " << flags.tokens << " tokens\n"
            << text.data();
  if (!best.why_no_read.empty()) {
    std::cout << "bandwidth  could not be measured: " << best.why_no_read << '\n';
    return;
  }
  std::snprintf(text.data(), text.size(),
                "bandwidth  %9.1f GB/s, %.3f ms for the %s that a step reads\n"
                "ratio      %9.2f of what the bandwidth allows\n",
                bandwidth / 1e9, best.read * 1e3, bytes_text(bytes).c_str(), best.read / best.step);
  std::cout << text.data();
}

int bench(const BenchFlags& flags) {
  const auto config = inference::load_model_config(flags.model.dir);
  if (!config) return report(config.error());
  auto options = options_of(flags.model);
  const auto format = options.format.value_or(inference::WeightFormat::bf16);
  if (options.threads == 0) options.threads = inference::default_threads();
  options.max_running = flags.batch;
  if (options.kv_cache_bytes == 0) {  // Room for all of them, and none to spare.
    const std::int64_t blocks =
        (flags.prompt_tokens + flags.tokens) / inference::kKvBlockTokens + 1;
    options.kv_cache_bytes =
        flags.batch * blocks * inference::kv_block_bytes(config.value(), format);
  }
  const auto model = inference::LanguageModel::load(options);
  if (!model) return report(model.error());
  const std::int64_t bytes = inference::step_bytes(config.value(), model.value()->facts().format);
  const auto best = measure(flags, *model.value(), options.threads, bytes);
  if (!best) return report(best.error());
  print(flags, model.value()->facts(), best.value(), bytes);
  return kExitOk;
}

}  // namespace

void add_model_bench(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("bench", "Measure prefill, decoding and the memory");
  auto flags = std::make_shared<BenchFlags>();
  add_model_flags(*command, flags->model);
  add_context_flags(*command, flags->model);
  constexpr std::int64_t kMost = 1 << 20;
  command->add_option("--prompt-tokens", flags->prompt_tokens, "Of each prompt")
      ->check(CLI::Range(std::int64_t{1}, kMost))
      ->capture_default_str();
  command->add_option("--tokens", flags->tokens, "To write behind each")
      ->check(CLI::Range(std::int64_t{2}, kMost))
      ->capture_default_str();
  command->add_option("--batch", flags->batch, "Generations at a time")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1024}))
      ->capture_default_str();
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_examples(*command,
               "  sluice model bench --model models/ce-tiny-demo\n"
               "  sluice model bench --model ~/Qwen3-0.6B --dtype int8 --batch 8 -o json");
  command->callback([flags, &status] { status = bench(*flags); });
}

}  // namespace sluice
