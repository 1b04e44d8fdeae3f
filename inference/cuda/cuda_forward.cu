#include "inference/cuda/attention.h"
#include "inference/cuda/cuda_forward.h"
#include "inference/cuda/embed.h"
#include "inference/cuda/memory_pieces.h"
#include "inference/cuda/rope_cache.cuh"
#include "inference/rope.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace sluice::inference::cuda {
namespace {

/// Of the workspace, at most: rows that find no room in it take the kernel that needs none.
constexpr std::int64_t kMaxWorkspaceBytes = std::int64_t{128} << 20;

cudaError_t first_error(std::initializer_list<cudaError_t> errors) {
  const auto* error = std::find_if(errors.begin(), errors.end(),
                                   [](cudaError_t each) { return each != cudaSuccess; });
  return error == errors.end() ? cudaSuccess : *error;
}

}  // namespace

AttentionShape CudaForward::attention_shape() const noexcept {
  return {static_cast<int>(config_.num_attention_heads),
          static_cast<int>(config_.num_key_value_heads), static_cast<int>(config_.head_dim)};
}

AttentionLimits CudaForward::attention_limits() const noexcept {
  AttentionLimits limits;
  limits.workspace_size = workspace_size_;
  return limits;
}

/// Returns how many bytes that takes.
std::int64_t CudaForward::lay_out(const StepLimits& limits, std::byte* memory) {
  MemoryPieces pieces(memory);
  const std::int64_t rows = (limits.max_rows + kFragmentRows - 1) / kFragmentRows * kFragmentRows;
  workspace_size_ =
      std::min(workspace_size(attention_shape(), limits.max_parts, limits.max_context),
               kMaxWorkspaceBytes / static_cast<std::int64_t>(sizeof(float)));
  Activations& to = activations_;
  pieces.take(to.hidden, rows * config_.hidden_size);
  pieces.take(to.scaled, rows * config_.hidden_size);
  pieces.take(to.squares, rows * config_.hidden_size / kTileRows);
  pieces.take(to.qkv, rows * (config_.q_size() + 2 * config_.kv_size()));
  pieces.take(to.queries, rows * config_.q_size());
  pieces.take(to.attended, rows * config_.q_size());
  pieces.take(to.inner, rows * config_.intermediate_size);
  pieces.take(to.workspace, workspace_size_);
  pieces.take(to.counters, rows * config_.num_key_value_heads);
  logits_.num_groups = static_cast<int>((config_.vocab_size + kLogitGroup - 1) / kLogitGroup);
  logits_.stride = logits_.num_groups * kLogitGroup;
  pieces.take(logits_.logits, std::int64_t{limits.max_parts} * logits_.stride);
  pieces.take(logits_.best_logits, std::int64_t{limits.max_parts} * logits_.num_groups);
  pieces.take(logits_.best_tokens, std::int64_t{limits.max_parts} * logits_.num_groups);
  return pieces.used();
}

std::int64_t CudaForward::scratch_bytes(const ModelConfig& config,
                                        const StepLimits& limits) noexcept {
  CudaForward nowhere;
  nowhere.config_ = config;
  const std::int64_t angles =
      config.head_dim * limits.max_context * static_cast<std::int64_t>(sizeof(float));
  return nowhere.lay_out(limits, nullptr) + angles;
}

Result<CudaForward> CudaForward::make(const ModelConfig& config, const DeviceModel& model,
                                      const StepLimits& limits, std::int64_t num_blocks,
                                      const Stream& stream) {
  CudaForward forward;
  forward.config_ = config;
  forward.model_ = &model;
  forward.num_blocks_ = num_blocks;
  INFERENCE_CHECK(check(first_error({prepare_gemm(), prepare_attention()}), "the kernels"));
  INFERENCE_TRY(forward.scratch_,
                DeviceMemory::make(forward.lay_out(limits, nullptr), "activations"));
  forward.lay_out(limits, forward.scratch_.as<std::byte>());
  const std::int64_t page = page_size(static_cast<int>(config.head_dim));
  INFERENCE_TRY(forward.cache_, DeviceMemory::make(config.num_hidden_layers * num_blocks *
                                                       config.num_key_value_heads * page *
                                                       static_cast<std::int64_t>(sizeof(Bf16)),
                                                   "the KV cache"));
  // Zeros, so that no number of a row that stands for nothing is one that nobody can add to.
  for (const DeviceMemory* memory : {&forward.scratch_, &forward.cache_}) {
    INFERENCE_CHECK(
        check(cudaMemsetAsync(memory->as<void>(), 0, memory->size(), stream.handle), "zeros"));
  }
  INFERENCE_CHECK(forward.make_angles(limits, stream));
  return Result<CudaForward>(std::move(forward));
}

cudaError_t CudaForward::find_code() {
  cudaFuncAttributes attributes{};
  const auto* kernel = reinterpret_cast<const void*>(rope_and_cache<64>);
  const cudaError_t error = cudaFuncGetAttributes(&attributes, kernel);
  static_cast<void>(cudaGetLastError());  // Else the next call would report it again.
  return error;
}

Result<bool> CudaForward::can_start_early() {
  constexpr int kPtx = 90;
  constexpr int kDriver = 12'030;  // CUDA 12.3.
  cudaFuncAttributes attributes{};
  int driver = 0;
  const auto* kernel = reinterpret_cast<const void*>(rope_and_cache<64>);
  INFERENCE_CHECK(check(cudaFuncGetAttributes(&attributes, kernel), "the kernels"));
  INFERENCE_CHECK(check(cudaDriverGetVersion(&driver), "the driver"));
  return attributes.ptxVersion >= kPtx && driver >= kDriver;
}

/// The angles of all positions, from the host: those that the processor computes with.
Result<void> CudaForward::make_angles(const StepLimits& limits, const Stream& stream) {
  const std::int64_t half = config_.head_dim / 2;
  num_angles_ = half * limits.max_context;
  const auto bytes = 2 * num_angles_ * static_cast<std::int64_t>(sizeof(float));
  INFERENCE_TRY(angles_, DeviceMemory::make(bytes, "angles"));
  INFERENCE_TRY(const PinnedMemory staging, PinnedMemory::make(bytes, "angles"));
  const Rope rope(config_);
  auto* cos = staging.as<float>();
  for (std::int64_t i = 0; i < limits.max_context; ++i) {
    rope.angles(i, cos + i * half, cos + num_angles_ + i * half);
  }
  INFERENCE_CHECK(check(cudaMemcpyAsync(angles_.as<void>(), cos, angles_.size(),
                                        cudaMemcpyHostToDevice, stream.handle),
                        "angles"));
  return check(cudaStreamSynchronize(stream.handle), "angles");
}

Bf16* CudaForward::cache_of(std::size_t layer) const {
  const std::int64_t pages = num_blocks_ * config_.num_key_value_heads;
  return cache_.as<Bf16>() +
         static_cast<std::int64_t>(layer) * pages * page_size(static_cast<int>(config_.head_dim));
}

/// `x` is (rows, matrix.depth); with a norm it is the hidden state's `scaled`.
GemmOperands CudaForward::product(const DeviceMatrix& matrix, const Bf16* x, bool has_norm,
                                  int num_tokens) const {
  GemmOperands operands;
  operands.weights = matrix.data;
  operands.fp8 = matrix.fp8;
  operands.scales = matrix.scales;
  operands.x = x;
  operands.squares = has_norm ? activations_.squares : nullptr;
  operands.epsilon = static_cast<float>(config_.rms_norm_eps);
  operands.num_tokens = num_tokens;
  operands.num_rows = matrix.rows;
  operands.depth = matrix.depth;
  return operands;
}

cudaError_t CudaForward::run_layers(const Stream& stream, const DeviceStep& step,
                                    const PassShape& shape, const int* chosen) {
  const HiddenState hidden = {activations_.hidden, activations_.scaled, activations_.squares,
                              static_cast<int>(config_.hidden_size)};
  cudaError_t error = enqueue_embed(stream, step.rows, shape.num_rows, chosen,
                                    model_->embedding.data, model_->layers[0].input_norm, hidden);
  for (std::size_t i = 0; i < model_->layers.size() && error == cudaSuccess; ++i) {
    error = first_error({attend(stream, step, shape, i), feed_forward(stream, shape.num_rows, i)});
  }
  return error;
}

cudaError_t CudaForward::attend(const Stream& stream, const DeviceStep& step,
                                const PassShape& shape, std::size_t index) {
  const DeviceLayer& layer = model_->layers[index];
  const Activations& at = activations_;
  const AttentionShape heads = attention_shape();

  RopeCacheArgs rope;
  rope.qkv = at.qkv;
  rope.rows = step.rows;
  rope.parts = step.parts;
  rope.blocks = step.blocks;
  rope.q_norm = layer.q_norm;
  rope.k_norm = layer.k_norm;
  rope.cos = angles_.as<float>();
  rope.sin = angles_.as<float>() + num_angles_;
  rope.queries = at.queries;
  rope.cache = cache_of(index);
  rope.eps = static_cast<float>(config_.rms_norm_eps);
  rope.num_rows = shape.num_rows;
  rope.num_heads = heads.num_heads;
  rope.num_kv_heads = heads.num_kv_heads;
  rope.head_dim = heads.head_dim;

  AttentionArgs attention;
  attention.shape = heads;
  attention.queries = at.queries;
  attention.cache = cache_of(index);
  attention.blocks = step.blocks;
  attention.out = at.attended;
  attention.decode = step.decode;
  attention.num_decode = shape.attention.num_decode;
  attention.prefill = step.prefill;
  attention.num_prefill = shape.attention.num_prefill;
  attention.max_context = shape.max_context;
  attention.workspace = at.workspace;
  attention.counters = at.counters;

  const AddToHidden add = {at.hidden, layer.post_attention_norm, at.scaled, at.squares};
  return first_error(
      {enqueue_gemm(stream, product(layer.qkv, at.scaled, true, shape.num_rows),
                    StoreFloats{at.qkv}),
       enqueue_rope_and_cache(stream, rope), enqueue_attention(stream, attention),
       enqueue_gemm(stream, product(layer.o, at.attended, false, shape.num_rows), add)});
}

cudaError_t CudaForward::feed_forward(const Stream& stream, int num_rows, std::size_t index) {
  const DeviceLayer& layer = model_->layers[index];
  const Activations& at = activations_;
  const bool is_last = index + 1 == model_->layers.size();
  const Bf16* next_norm = is_last ? model_->norm : model_->layers[index + 1].input_norm;
  const AddToHidden add = {at.hidden, next_norm, at.scaled, at.squares};
  return first_error(
      {enqueue_gemm(stream, product(layer.gate_up, at.scaled, true, num_rows), SwiGlu{at.inner}),
       enqueue_gemm(stream, product(layer.down, at.inner, false, num_rows), add)});
}

cudaError_t CudaForward::run_logits(const Stream& stream, const int* rows, int num, int num_used,
                                    const std::uint32_t* allowed) {
  GemmOperands operands = product(model_->lm_head, activations_.scaled, true, num);
  operands.rows = rows;
  const StoreLogits to = {logits_.logits, logits_.stride,      num_used,
                          allowed,        logits_.best_logits, logits_.best_tokens};
  return enqueue_gemm(stream, operands, to);
}

}  // namespace sluice::inference::cuda
