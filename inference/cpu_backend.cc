#include "inference/cpu_backend.h"

#include "inference/cpu_forward.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

namespace sluice::inference {
namespace {

constexpr int kMaxThreads = 256;

std::string_view to_string(WeightFormat format) noexcept {
  switch (format) {
    case WeightFormat::bf16:
      return "bf16";
    case WeightFormat::f32:
      return "f32";
    case WeightFormat::fp8:
      return "fp8";
    case WeightFormat::int8:
      break;
  }
  return "int8";
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(const ModelConfig& config, const Kernels& kernels, int num_threads)
      : config_(config), kernels_(kernels), forward_(config_, kernels, num_threads) {}

  Result<void> prepare(Weights weights, const CpuOptions& options) {
    const std::int64_t block_bytes = kv_block_bytes(config_, options.format);
    num_blocks_ = options.kv_cache_bytes / block_bytes;
    if (num_blocks_ < 1) {
      return fail(Errc::invalid_argument,
                  "a KV cache of " + std::to_string(options.kv_cache_bytes) +
                      " bytes: one block of 16 tokens takes " + std::to_string(block_bytes));
    }
    const int threads = forward_.num_threads();
    description_ = "cpu " + std::string(kernels_.name) + " " +
                   std::string(to_string(options.format)) + ", " + std::to_string(threads) +
                   (threads == 1 ? " thread" : " threads");
    return forward_.prepare(std::move(weights), options.format, num_blocks_);
  }

  [[nodiscard]] const ModelConfig& config() const noexcept override { return config_; }
  [[nodiscard]] std::string_view description() const noexcept override { return description_; }
  [[nodiscard]] std::int64_t num_kv_blocks() const noexcept override { return num_blocks_; }

  Result<void> forward(std::span<const StepPart> parts, std::span<float> logits) override {
    INFERENCE_CHECK(check(parts, logits));
    const auto vocab = static_cast<std::size_t>(config_.vocab_size);
    float* out = logits.data();
    rows_.clear();
    wanted_.clear();
    for (const StepPart& part : parts) {
      for (std::size_t i = 0; i < part.tokens.size(); ++i) {
        rows_.push_back(
            {part.tokens[i], part.position + static_cast<std::int64_t>(i), part.blocks});
        const bool is_last = i + 1 == part.tokens.size();
        if (is_last && part.wants_logits) wanted_.push_back(std::ssize(rows_) - 1);
        if (std::ssize(rows_) == CpuForward::kMaxRows) out += run_pass(out) * vocab;
      }
    }
    run_pass(out);
    return {};
  }

 private:
  [[nodiscard]] Result<void> check(std::span<const StepPart> parts, std::span<float> logits) const {
    std::size_t wanted = 0;
    for (const StepPart& part : parts) {
      const std::int64_t end = part.position + std::ssize(part.tokens);
      const bool fits = !part.tokens.empty() && part.position >= 0 &&
                        end <= std::ssize(part.blocks) * kKvBlockTokens &&
                        end <= num_blocks_ * kKvBlockTokens;
      const bool tokens_exist = std::ranges::all_of(
          part.tokens, [&](TokenId id) { return id >= 0 && id < config_.vocab_size; });
      const bool blocks_exist = std::ranges::all_of(
          part.blocks, [&](KvBlock block) { return block >= 0 && block < num_blocks_; });
      if (!fits || !tokens_exist || !blocks_exist) {
        return fail(Errc::internal, "a step's part has a token, position or block out of range");
      }
      wanted += part.wants_logits ? 1 : 0;
    }
    if (logits.size() != wanted * static_cast<std::size_t>(config_.vocab_size)) {
      return fail(Errc::internal, "a step's logits have the wrong size");
    }
    return {};
  }

  /// Runs rows_ and writes the logits of wanted_; says how many those were.
  std::size_t run_pass(float* logits) {
    const std::size_t num_wanted = wanted_.size();
    if (!rows_.empty()) forward_.run(rows_, wanted_, logits);
    rows_.clear();
    wanted_.clear();
    return num_wanted;
  }

  ModelConfig config_;
  const Kernels& kernels_;
  CpuForward forward_;
  std::int64_t num_blocks_ = 0;
  std::vector<StepRow> rows_;         // Of this pass.
  std::vector<std::int64_t> wanted_;  // Rows of this pass whose logits are wanted.
  std::string description_;
};

}  // namespace

std::int64_t kv_block_bytes(const ModelConfig& config, WeightFormat format) noexcept {
  return KvCache::block_bytes(config, has_bf16_cache(format));
}

Result<std::unique_ptr<Backend>> make_cpu_backend(const ModelConfig& config, Weights weights,
                                                  const CpuOptions& options) {
  if (options.threads < 0 || options.threads > kMaxThreads) {
    return fail(Errc::invalid_argument, "threads are from 0 to " + std::to_string(kMaxThreads) +
                                            ", not " + std::to_string(options.threads));
  }
  if (options.format == WeightFormat::fp8) {
    return fail(Errc::invalid_argument,
                "the CPU computes in bfloat16, float32 and int8, not in fp8");
  }
  INFERENCE_TRY(const Kernels* kernels, kernels_for(options.isa));
  const int processors = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : std::min(processors, 2);
  auto backend = std::make_unique<CpuBackend>(config, *kernels, threads);
  INFERENCE_CHECK(backend->prepare(std::move(weights), options));
  return std::unique_ptr<Backend>(std::move(backend));
}

Result<std::unique_ptr<Backend>> load_cpu_backend(const std::filesystem::path& dir,
                                                  const CpuOptions& options) {
  INFERENCE_TRY(const ModelConfig config, load_model_config(dir));
  INFERENCE_TRY(Weights weights, load_weights(dir, config));
  return make_cpu_backend(config, std::move(weights), options);
}

}  // namespace sluice::inference
