#include "inference/cpu_forward.h"

#include <algorithm>
#include <utility>

namespace sluice::inference {
namespace {

constexpr std::int64_t kMatrixUnit = 16;  // Rows of a matrix; MatrixKernels::multiply wants it.

}  // namespace

bool has_bf16_cache(WeightFormat format) noexcept { return format != WeightFormat::f32; }

CpuForward::CpuForward(const ModelConfig& config, const Kernels& kernels, int num_threads)
    : config_(config), kernels_(kernels), pool_(num_threads), rope_(config) {}

Result<void> CpuForward::prepare(Weights weights, WeightFormat format, std::int64_t num_blocks) {
  const bool is_bf16 = has_bf16_cache(format);
  INFERENCE_TRY(cache_, KvCache::make(config_, num_blocks, is_bf16));
  INFERENCE_TRY(attention_, CpuAttention::make(config_, kernels_, num_blocks * kKvBlockTokens,
                                               is_bf16, pool_.size()));
  INFERENCE_TRY(model_, make_cpu_model(config_, std::move(weights), format, kernels_, pool_));
  return make_activations();
}

void CpuForward::run(std::span<const StepRow> rows, std::span<const std::int64_t> wanted,
                     float* logits) {
  rows_ = rows;
  start_rows();
  for (std::size_t i = 0; i < model_.layers.size(); ++i) {
    attend(model_.layers[i], static_cast<std::int64_t>(i));
    feed_forward(model_.layers[i]);
  }
  write_logits(wanted, logits);
}

/// Calls function(row) for each of `num` rows, on all threads where there are several.
template <class F>
void CpuForward::each_row(std::int64_t num, F&& function) {
  if (num == 1) return function(0);
  pool_.run([&](int thread) {
    const Share share = share_of(num, 1, thread, pool_.size());
    for (std::int64_t row = share.first; row < share.last; ++row) function(row);
  });
}

float* CpuForward::hidden(std::int64_t row) noexcept {
  return activations_.hidden.floats() + row * config_.hidden_size;
}

Result<void> CpuForward::make_activations() {
  const std::int64_t widest = std::max({config_.hidden_size, config_.q_size(),  //
                                        config_.intermediate_size});
  const std::int64_t packed =
      std::max({kernels_.f32.packed_bytes(widest), kernels_.bf16.packed_bytes(widest),
                kernels_.int8.packed_bytes(widest)});
  const std::int64_t row = kMaxRows * static_cast<std::int64_t>(sizeof(float));
  Activations& a = activations_;
  const std::initializer_list<std::pair<Buffer*, std::int64_t>> sizes = {
      {&a.hidden, row * config_.hidden_size},
      {&a.packed, kMaxRows * packed},
      {&a.norm, row * config_.hidden_size},
      {&a.qkv, row * (config_.q_size() + 2 * config_.kv_size())},
      {&a.attention, row * config_.q_size()},
      {&a.gate, row * config_.intermediate_size},
      {&a.up, row * config_.intermediate_size},
      {&a.cos, row * config_.head_dim / 2},
      {&a.sin, row * config_.head_dim / 2}};
  for (const auto& [buffer, size] : sizes) {
    INFERENCE_TRY(*buffer, Buffer::make(size, "activations"));
  }
  return {};
}

void CpuForward::start_rows() {
  const std::int64_t half = config_.head_dim / 2;
  each_row(std::ssize(rows_), [&](std::int64_t i) {
    const StepRow& row = rows_[static_cast<std::size_t>(i)];
    read_floats(model_.weights.embedding, row.token * config_.hidden_size, config_.hidden_size,
                hidden(i));
    rope_.angles(row.position, activations_.cos.floats() + i * half,
                 activations_.sin.floats() + i * half);
  });
}

void CpuForward::norm_and_pack(const std::vector<float>& weight, const CpuMatrix& matrix) {
  each_row(std::ssize(rows_), [&](std::int64_t i) { norm_row(weight, matrix, i, i); });
}

void CpuForward::norm_row(const std::vector<float>& weight, const CpuMatrix& matrix,
                          std::int64_t from, std::int64_t to) {
  float* normed = activations_.norm.floats() + to * config_.hidden_size;
  kernels_.rms_norm(hidden(from), weight.data(), config_.hidden_size,
                    static_cast<float>(config_.rms_norm_eps), normed);
  pack_row(matrix, normed, to);
}

void CpuForward::pack_row(const CpuMatrix& matrix, const float* x, std::int64_t row) {
  const std::int64_t stride = matrix.kernels->packed_bytes(matrix.view.columns);
  matrix.kernels->pack(x, matrix.view.columns, activations_.packed.data() + row * stride);
}

void CpuForward::multiply(const Linear& linear, std::int64_t num_rows, int thread) {
  const MatrixView& view = linear.matrix->view;
  const Share share = share_of(view.rows, kMatrixUnit, thread, pool_.size());
  linear.matrix->kernels->multiply(view, share.first, share.last, activations_.packed.data(),
                                   num_rows, linear.out);
}

void CpuForward::multiply_all(std::initializer_list<Linear> linears, std::int64_t num_rows) {
  pool_.run([&](int thread) {
    for (const Linear& linear : linears) multiply(linear, num_rows, thread);
  });
}

void CpuForward::attend(const CpuLayer& layer, std::int64_t layer_index) {
  const std::int64_t num_rows = std::ssize(rows_);
  const std::int64_t stride = config_.q_size() + 2 * config_.kv_size();
  float* q = activations_.qkv.floats();
  float* k = q + config_.q_size();
  float* v = k + config_.kv_size();
  norm_and_pack(layer.input_norm, layer.q);
  multiply_all({{&layer.q, {q, stride}}, {&layer.k, {k, stride}}, {&layer.v, {v, stride}}},
               num_rows);
  each_row(num_rows, [&](std::int64_t i) {
    norm_and_rotate(layer.q_norm, q + i * stride, config_.num_attention_heads, i);
    norm_and_rotate(layer.k_norm, k + i * stride, config_.num_key_value_heads, i);
    const StepRow& row = rows_[static_cast<std::size_t>(i)];
    cache_.write(layer_index, row.blocks[static_cast<std::size_t>(row.position / kKvBlockTokens)],
                 row.position % kKvBlockTokens, k + i * stride, v + i * stride);
  });
  float* attended = activations_.attention.floats();
  attention_.run(rows_, layer_index, cache_, q, stride, attended, pool_);
  each_row(num_rows,
           [&](std::int64_t i) { pack_row(layer.o, attended + i * config_.q_size(), i); });
  multiply_all({{&layer.o, {hidden(0), config_.hidden_size, true}}}, num_rows);
}

void CpuForward::norm_and_rotate(const std::vector<float>& weight, float* heads,
                                 std::int64_t num_heads, std::int64_t row) {
  const std::int64_t half = config_.head_dim / 2;
  for (std::int64_t head = 0; head < num_heads; ++head) {
    float* x = heads + head * config_.head_dim;
    kernels_.rms_norm(x, weight.data(), config_.head_dim, static_cast<float>(config_.rms_norm_eps),
                      x);
    kernels_.rotate(x, activations_.cos.floats() + row * half,
                    activations_.sin.floats() + row * half, half);
  }
}

void CpuForward::feed_forward(const CpuLayer& layer) {
  const std::int64_t num_rows = std::ssize(rows_);
  const std::int64_t width = config_.intermediate_size;
  float* gate = activations_.gate.floats();
  float* up = activations_.up.floats();
  norm_and_pack(layer.post_attention_norm, layer.gate);
  pool_.run([&](int thread) {
    multiply({&layer.gate, {gate, width}}, num_rows, thread);
    multiply({&layer.up, {up, width}}, num_rows, thread);
    const Share share = share_of(width, kMatrixUnit, thread, pool_.size());
    for (std::int64_t i = 0; i < num_rows; ++i) {
      kernels_.swiglu(gate + i * width + share.first, up + i * width + share.first,
                      share.last - share.first);
    }
  });
  each_row(num_rows, [&](std::int64_t i) { pack_row(layer.down, gate + i * width, i); });
  multiply_all({{&layer.down, {hidden(0), config_.hidden_size, true}}}, num_rows);
}

void CpuForward::write_logits(std::span<const std::int64_t> wanted, float* logits) {
  const std::int64_t num = std::ssize(wanted);
  if (num == 0) return;
  each_row(num, [&](std::int64_t i) {
    norm_row(model_.norm, model_.lm_head, wanted[static_cast<std::size_t>(i)], i);
  });
  multiply_all({{&model_.lm_head, {logits, config_.vocab_size}}}, num);
}

}  // namespace sluice::inference
