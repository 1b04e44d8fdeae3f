#pragma once

#include "inference/backend.h"
#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/cuda_forward.h"
#include "inference/cuda/device_session.h"
#include "inference/cuda/step_input.h"
#include "inference/weights.h"

#include <cstdint>
#include <map>
#include <memory>
#include <span>

namespace sluice::inference::cuda {

/// A model on a device, and its passes one after the other in a stream. Allocates nothing once it
/// is made, but for the graphs of steps of a size that has not been seen yet. Errors of all but
/// load(): internal, for a step that passes the limits; unavailable, and then the device is lost.
class CudaPass {
 public:
  /// Errors: invalid_argument (shapes, options); resource_exhausted (memory); unavailable.
  static Result<std::unique_ptr<CudaPass>> load(const ModelConfig& config, const Weights& weights,
                                                const CudaOptions& options);

  /// Waits for what is in the stream.
  ~CudaPass();
  CudaPass(const CudaPass&) = delete;
  CudaPass& operator=(const CudaPass&) = delete;

  /// Starts all layers for `parts`, which are not needed afterwards. A part that follows takes its
  /// token from chosen().
  Result<StepShape> start_layers(std::span<const StepPart> parts);

  /// Starts the logits of the rows that the step wants, `num` of them. Tokens from `num_used` on,
  /// and those that have no bit in `allowed`, on the device, get -inf.
  Result<void> start_logits(int num, int num_used, const std::uint32_t* allowed);

  [[nodiscard]] const DeviceLogits& logits() const noexcept { return forward_.logits(); }
  /// Where the tokens of the last step's choices belong, (max_parts).
  [[nodiscard]] int* chosen() const noexcept { return chosen_.as<int>(); }

  [[nodiscard]] const ModelConfig& config() const noexcept { return config_; }
  [[nodiscard]] const StepLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::int64_t num_blocks() const noexcept { return num_blocks_; }
  [[nodiscard]] const Stream& stream() const noexcept { return stream_; }
  [[nodiscard]] const DeviceSession& session() const noexcept { return session_; }

  /// Of this thread, for the calls that follow.
  Result<void> use_device() const;

 private:
  /// Steps of one row a part that are replayed: (rows, context), each padded up.
  using GraphKey = std::pair<int, int>;

  CudaPass(const ModelConfig& config, DeviceSession session)
      : config_(config), session_(std::move(session)) {}
  Result<void> prepare(const Weights& weights, const CudaOptions& options);
  [[nodiscard]] Result<int> attribute(cudaDeviceAttr which) const;
  Result<void> replay(const GraphKey& key);
  Result<void> capture(const GraphKey& key);

  ModelConfig config_;
  DeviceSession session_;  // First: it resets a lost device when all else has let go.
  OwnedStream owned_stream_;
  Stream stream_;
  StepLimits limits_;
  std::int64_t num_blocks_ = 0;
  DeviceModel model_;
  CudaForward forward_;
  StepInput input_;
  DeviceMemory chosen_;
  std::map<GraphKey, OwnedGraphExec> graphs_;
};

}  // namespace sluice::inference::cuda
