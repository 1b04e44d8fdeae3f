#pragma once

#include "inference/cuda/device_model.h"
#include "inference/cuda/gemm.h"
#include "inference/cuda/launch.cuh"
#include "inference/cuda/step_input.h"
#include "inference/model_config.h"
#include "inference/result.h"

#include <cstdint>
#include <vector>

namespace sluice::inference::cuda {

/// How many of everything a pass has: its own numbers, or, where it is captured, the most that a
/// step which replays it will have.
struct PassShape {
  int num_rows = 0;
  AttentionPlan attention;
  int max_context = 0;
};

/// Logits on the device, and what the choice of tokens reads of them.
struct DeviceLogits {
  float* logits = nullptr;       ///< (tokens, stride)
  float* best_logits = nullptr;  ///< (tokens, num_groups): of kLogitGroup neighbours the best.
  int* best_tokens = nullptr;    ///< (tokens, num_groups)
  int stride = 0;                ///< vocab_size, up to a whole group.
  int num_groups = 0;
};

/// The forward pass as kernels: which follows which, and where they keep what they tell each other.
/// Starts them and waits for nothing.
class CudaForward {
 public:
  /// The model outlives it. The KV cache holds zeros once what is in `stream` is through.
  /// Errors: resource_exhausted, unavailable.
  static Result<CudaForward> make(const ModelConfig& config, const DeviceModel& model,
                                  const StepLimits& limits, std::int64_t num_blocks,
                                  const Stream& stream);

  /// What it takes besides the weights and the KV cache.
  [[nodiscard]] static std::int64_t scratch_bytes(const ModelConfig& config,
                                                  const StepLimits& limits) noexcept;

  /// Whether its kernels may start before the one in front of them has ended (launch()): they have
  /// the instruction that waits for it, in code for compute capability 9.0 or above, and the driver
  /// captures that in graphs. Errors: unavailable.
  [[nodiscard]] static Result<bool> can_start_early();

  /// Whether this build has code for the device of the calling thread: cudaSuccess, else an error.
  [[nodiscard]] static cudaError_t find_code();

  /// All layers for the rows of `step`. `chosen` is where the tokens of rows that follow are.
  cudaError_t run_layers(const Stream& stream, const DeviceStep& step, const PassShape& shape,
                         const int* chosen);

  /// The logits of `num` rows of the pass, whose numbers are in `rows`. Tokens from `num_used` on,
  /// and those that have no bit in `allowed`, get -inf; see StoreLogits.
  cudaError_t run_logits(const Stream& stream, const int* rows, int num, int num_used,
                         const std::uint32_t* allowed);

  [[nodiscard]] const DeviceLogits& logits() const noexcept { return logits_; }
  [[nodiscard]] AttentionShape attention_shape() const noexcept;
  [[nodiscard]] AttentionLimits attention_limits() const noexcept;

 private:
  /// (rows, ...), all in scratch_.
  struct Activations {
    float* hidden;   // (rows, hidden_size): the residual stream
    Bf16* scaled;    // (rows, hidden_size): hidden * the next norm's weight
    float* squares;  // (rows, hidden_size / 16)
    float* qkv;      // (rows, q_size + 2 kv_size)
    Bf16* queries;   // (rows, q_size), normed and turned
    Bf16* attended;  // (rows, q_size)
    Bf16* inner;     // (rows, intermediate_size)
    float* workspace;
    int* counters;
  };

  cudaError_t attend(const Stream& stream, const DeviceStep& step, const PassShape& shape,
                     std::size_t layer);
  cudaError_t feed_forward(const Stream& stream, int num_rows, std::size_t layer);
  Result<void> make_angles(const StepLimits& limits, const Stream& stream);
  std::int64_t lay_out(const StepLimits& limits, std::byte* memory);
  [[nodiscard]] GemmOperands product(const DeviceMatrix& matrix, const Bf16* x, bool has_norm,
                                     int num_tokens) const;
  [[nodiscard]] Bf16* cache_of(std::size_t layer) const;

  ModelConfig config_;
  const DeviceModel* model_ = nullptr;
  std::int64_t num_blocks_ = 0;
  std::int64_t workspace_size_ = 0;  // Floats.
  DeviceMemory scratch_;
  DeviceMemory cache_;
  DeviceMemory angles_;  // cos, then sin: (max_context, head_dim / 2) each
  std::int64_t num_angles_ = 0;
  Activations activations_{};
  DeviceLogits logits_;
};

}  // namespace sluice::inference::cuda
