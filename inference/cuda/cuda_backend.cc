#include "inference/cuda/cuda_backend.h"

#include "inference/cuda/cuda_pass.h"
#include "inference/cuda/cuda_step_runner.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inference {
namespace {

/// What stands in for a runner that could not be made: its first step says why.
class FailedRunner final : public StepRunner {
 public:
  explicit FailedRunner(Error error) : error_(std::move(error)) {}
  [[nodiscard]] bool overlaps() const noexcept override { return false; }
  [[nodiscard]] Result<void> begin(std::span<const StepPart>) override { return error_; }
  [[nodiscard]] Result<void> choose(std::span<const TokenChoice>) override { return error_; }
  [[nodiscard]] Result<void> collect(std::vector<Result<TokenLogprob>>&) override { return error_; }

 private:
  Error error_;
};

class CudaBackend final : public Backend {
 public:
  CudaBackend(std::unique_ptr<cuda::CudaPass> pass, std::string description)
      : pass_(std::move(pass)), description_(std::move(description)) {}

  [[nodiscard]] const ModelConfig& config() const noexcept override { return pass_->config(); }
  [[nodiscard]] std::string_view description() const noexcept override { return description_; }
  [[nodiscard]] std::int64_t num_kv_blocks() const noexcept override { return pass_->num_blocks(); }
  [[nodiscard]] bool is_lost() const noexcept override { return pass_->session().is_lost(); }
  void listen(std::function<void()> on_lost) override {
    pass_->session().listen(std::move(on_lost));
  }

  [[nodiscard]] std::unique_ptr<StepRunner> step_runner(const Vocabulary& vocabulary) override {
    auto runner = cuda::CudaStepRunner::make(*pass_, vocabulary);
    if (runner) return std::move(runner).value();
    return std::make_unique<FailedRunner>(std::move(runner).error());
  }

  Result<void> forward(std::span<const StepPart> parts, std::span<float> logits) override {
    const auto wanted = std::ranges::count_if(parts, &StepPart::wants_logits);
    if (std::ssize(logits) != wanted * config().vocab_size) {
      return fail(Errc::internal, "a step's logits have the wrong size");
    }
    slices_.clear();
    std::int64_t rows = 0;
    for (const StepPart& part : parts) {
      StepPart rest = part;
      while (!rest.tokens.empty()) {
        if (rows == pass_->limits().max_rows || std::ssize(slices_) == pass_->limits().max_parts) {
          INFERENCE_CHECK(run_slices(logits));
          rows = 0;
        }
        const auto count =
            std::min(rest.tokens.size(), static_cast<std::size_t>(pass_->limits().max_rows - rows));
        StepPart slice = rest;
        slice.tokens = rest.tokens.first(count);
        slice.wants_logits = part.wants_logits && count == rest.tokens.size();
        slices_.push_back(slice);
        rest.tokens = rest.tokens.subspan(count);
        rest.position += static_cast<std::int64_t>(count);
        rows += static_cast<std::int64_t>(count);
      }
    }
    return run_slices(logits);
  }

 private:
  /// Runs slices_, writes the logits that they want, and takes those off the front of `logits`.
  Result<void> run_slices(std::span<float>& logits) {
    if (slices_.empty()) return {};
    INFERENCE_TRY(const cuda::StepShape shape, pass_->start_layers(slices_));
    slices_.clear();
    if (shape.num_wanted == 0) return {};
    const auto size = static_cast<std::size_t>(config().vocab_size);
    const cuda::DeviceLogits& from = pass_->logits();
    INFERENCE_CHECK(
        pass_->start_logits(shape.num_wanted, static_cast<int>(config().vocab_size), nullptr));
    for (int i = 0; i < shape.num_wanted; ++i) {
      INFERENCE_CHECK(check(
          cudaMemcpyAsync(logits.data(), from.logits + std::int64_t{i} * from.stride,
                          size * sizeof(float), cudaMemcpyDeviceToHost, pass_->stream().handle)));
      logits = logits.subspan(size);
    }
    return check(cudaStreamSynchronize(pass_->stream().handle));
  }

  [[nodiscard]] Result<void> check(cudaError_t error) const {
    return pass_->session().check(error, "logits");
  }

  std::unique_ptr<cuda::CudaPass> pass_;
  std::string description_;
  std::vector<StepPart> slices_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_cuda_backend(const ModelConfig& config, Weights weights,
                                                   const CudaOptions& options) {
  INFERENCE_TRY(const CudaDevice device, find_cuda_device(options.device));
  INFERENCE_TRY(auto pass, cuda::CudaPass::load(config, weights, options));
  return std::unique_ptr<Backend>(std::make_unique<CudaBackend>(
      std::move(pass), "cuda " + device.name + (options.keeps_fp8 ? " fp8" : " bf16")));
}

}  // namespace sluice::inference
