#pragma once

#include "inference/cpu_backend.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace sluice::inference {

/// The CPU's backend, which is lost with its next step once `loses` is set; that takes it back.
class LosableBackend final : public Backend {
 public:
  static Result<std::unique_ptr<Backend>> load(const std::filesystem::path& dir,
                                               std::atomic<bool>& loses) {
    INFERENCE_TRY(auto real, load_cpu_backend(dir, {.threads = 1}));
    return std::unique_ptr<Backend>(std::make_unique<LosableBackend>(std::move(real), loses));
  }

  LosableBackend(std::unique_ptr<Backend> real, std::atomic<bool>& loses)
      : real_(std::move(real)), loses_(loses) {}

  [[nodiscard]] const ModelConfig& config() const noexcept override { return real_->config(); }
  [[nodiscard]] std::string_view description() const noexcept override { return "losable"; }
  [[nodiscard]] std::int64_t num_kv_blocks() const noexcept override {
    return real_->num_kv_blocks();
  }
  Result<void> forward(std::span<const StepPart> parts, std::span<float> logits) override {
    if (loses_.exchange(false)) is_lost_ = true;
    if (is_lost_) return fail(Errc::internal, "illegal address");
    return real_->forward(parts, logits);
  }
  [[nodiscard]] bool is_lost() const noexcept override { return is_lost_; }

 private:
  std::unique_ptr<Backend> real_;
  std::atomic<bool>& loses_;
  bool is_lost_ = false;
};

}  // namespace sluice::inference
