#include "inference/cuda/cuda_pass.h"

#include "inference/cuda/cuda_memory_plan.h"
#include "inference/cuda/weight_upload.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace sluice::inference::cuda {
namespace {

/// 1, 2, 4, 8, then multiples of 8: a fragment's rows cost the same, however many are used.
int padded_rows(int rows) {
  if (rows <= kFragmentRows) return static_cast<int>(std::bit_ceil(static_cast<unsigned>(rows)));
  return (rows + kFragmentRows - 1) / kFragmentRows * kFragmentRows;
}

int padded_context(int context, int most) {
  const auto padded = std::bit_ceil(static_cast<unsigned>(std::max(context, kChunkKeys)));
  return std::min(static_cast<int>(padded), std::max(most, kChunkKeys));
}

}  // namespace

Result<std::unique_ptr<CudaPass>> CudaPass::load(const ModelConfig& config, const Weights& weights,
                                                 const CudaOptions& options) {
  INFERENCE_CHECK(check_shapes(config));
  if (options.keeps_fp8 && !are_fp8(weights)) {
    return fail(Errc::invalid_argument, "cuda: the weights are not in fp8 with scales in bf16");
  }
  INFERENCE_TRY(DeviceSession session, DeviceSession::open(options.device, kLetGoPatience));
  std::unique_ptr<CudaPass> pass(new CudaPass(config, std::move(session)));
  INFERENCE_CHECK(pass->session_.checked(pass->prepare(weights, options)));
  return pass;
}

CudaPass::~CudaPass() {
  if (owned_stream_.get() == nullptr) return;
  static_cast<void>(use_device());
  static_cast<void>(cudaStreamSynchronize(owned_stream_.get()));
}

Result<void> CudaPass::use_device() const {
  return session_.check(cudaSetDevice(session_.device()), "the device");
}

Result<void> CudaPass::prepare(const Weights& weights, const CudaOptions& options) {
  INFERENCE_TRY(const MemoryPlan plan, plan_memory(config_, options));
  limits_ = plan.limits;
  num_blocks_ = plan.num_blocks;
  INFERENCE_TRY(owned_stream_, make_stream());
  INFERENCE_TRY(const bool starts_early, CudaForward::can_start_early());
  INFERENCE_TRY(const int multiprocessors, attribute(cudaDevAttrMultiProcessorCount));
  stream_ = {owned_stream_.get(), starts_early, multiprocessors};
  INFERENCE_TRY(model_, allocate_device_model(config_, options.keeps_fp8));
  INFERENCE_CHECK(upload_weights(config_, weights, model_, stream_));
  INFERENCE_TRY(forward_, CudaForward::make(config_, model_, limits_, num_blocks_, stream_));
  INFERENCE_TRY(input_,
                StepInput::make(limits_, forward_.attention_shape(), forward_.attention_limits()));
  INFERENCE_TRY(chosen_,
                DeviceMemory::make(limits_.max_parts * std::int64_t{sizeof(int)}, "chosen tokens"));
  return check(cudaStreamSynchronize(stream_.handle), "loading");
}

Result<int> CudaPass::attribute(cudaDeviceAttr which) const {
  int value = 0;
  INFERENCE_CHECK(check(cudaDeviceGetAttribute(&value, which, session_.device()), "the device"));
  return value;
}

Result<StepShape> CudaPass::start_layers(std::span<const StepPart> parts) {
  INFERENCE_CHECK(use_device());
  INFERENCE_TRY(const StepShape shape, input_.shape_of(parts));
  const GraphKey key = {std::min(padded_rows(shape.num_rows), limits_.max_rows),
                        padded_context(shape.longest_context, limits_.max_context)};
  const int rows = shape.is_decode() ? key.first : shape.num_rows;
  INFERENCE_TRY(const AttentionPlan plan,
                session_.checked(input_.copy(parts, rows, stream_.handle)));
  if (shape.is_decode() && plan.num_prefill == 0) {
    INFERENCE_CHECK(replay(key));
    return shape;
  }
  const PassShape pass = {rows, plan, shape.longest_context};
  INFERENCE_CHECK(session_.check(forward_.run_layers(stream_, input_.on_device(), pass, chosen()),
                                 "the layers"));
  return shape;
}

Result<void> CudaPass::replay(const GraphKey& key) {
  if (!graphs_.contains(key)) INFERENCE_CHECK(capture(key));
  return session_.check(cudaGraphLaunch(graphs_.at(key).get(), stream_.handle), "the layers");
}

Result<void> CudaPass::capture(const GraphKey& key) {
  const PassShape pass = {key.first, {key.first, 0}, key.second};
  INFERENCE_CHECK(session_.check(
      cudaStreamBeginCapture(stream_.handle, cudaStreamCaptureModeThreadLocal), "a graph"));
  const cudaError_t started = forward_.run_layers(stream_, input_.on_device(), pass, chosen());
  cudaGraph_t captured = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(stream_.handle, &captured);
  const OwnedGraph graph(captured);
  INFERENCE_CHECK(session_.check(started, "a graph"));
  INFERENCE_CHECK(session_.check(ended, "a graph"));
  cudaGraphExec_t executable = nullptr;
  INFERENCE_CHECK(session_.check(cudaGraphInstantiate(&executable, graph.get(), 0), "a graph"));
  graphs_.emplace(key, OwnedGraphExec(executable));
  return {};
}

Result<void> CudaPass::start_logits(int num, int num_used, const std::uint32_t* allowed) {
  return session_.check(
      forward_.run_logits(stream_, input_.on_device().wanted, num, num_used, allowed),
      "the logits");
}

}  // namespace sluice::inference::cuda
