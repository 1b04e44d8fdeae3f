#include "inference/cpu_model.h"

#include "inference/bf16.h"
#include "inference/fp8.h"
#include "inference/int8_matrix.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace sluice::inference {
namespace {

template <class T>
T element(const std::byte* data, std::int64_t index) noexcept {
  T value;
  std::memcpy(&value, data + index * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

bool is_aligned(const TensorView& tensor) noexcept {
  return reinterpret_cast<std::uintptr_t>(tensor.data) % size_of(tensor.dtype) == 0;
}

/// Elements of a matrix in fp8, one square's part of a row after the other.
void read_fp8(const TensorView& tensor, std::int64_t first, std::int64_t n, float* out) noexcept {
  static constexpr auto kValues = [] {
    std::array<float, 256> values{};
    for (int i = 0; i < 256; ++i) {
      values[static_cast<std::size_t>(i)] = from_e4m3(static_cast<std::uint8_t>(i));
    }
    return values;
  }();
  const std::int64_t columns = tensor.shape[1];
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t row = (first + done) / columns;
    const std::int64_t column = (first + done) % columns;
    const std::int64_t end = std::min(column / kFp8Block * kFp8Block + kFp8Block, columns);
    const std::int64_t count = std::min(end - column, n - done);
    float scale = 0;
    read_floats(*tensor.scales, row / kFp8Block * tensor.scales->shape[1] + column / kFp8Block, 1,
                &scale);
    for (std::int64_t i = 0; i < count; ++i) {
      out[done + i] = kValues[static_cast<std::uint8_t>(tensor.data[first + done + i])] * scale;
    }
    done += count;
  }
}

/// Makes the matrices of one format.
class MatrixMaker {
 public:
  MatrixMaker(WeightFormat format, const Kernels& kernels, ThreadPool& pool)
      : format_(format), kernels_(kernels), pool_(pool) {}

  Result<CpuMatrix> make(const TensorView& tensor, std::int64_t rows, std::int64_t columns) const {
    if (tensor.shape != std::vector<std::int64_t>{rows, columns} || !is_readable(tensor)) {
      return fail(Errc::invalid_argument, "a weight matrix is not (" + std::to_string(rows) + ", " +
                                              std::to_string(columns) +
                                              ") of bf16, f16, f32 or fp8 with its scales");
    }
    CpuMatrix matrix;
    matrix.view = {tensor.data, rows, columns};
    matrix.kernels = format_ == WeightFormat::int8   ? &kernels_.int8
                     : format_ == WeightFormat::bf16 ? &kernels_.bf16
                                                     : &kernels_.f32;
    const DType wanted = format_ == WeightFormat::bf16 ? DType::bf16 : DType::f32;
    if (format_ != WeightFormat::int8 && tensor.dtype == wanted && is_aligned(tensor)) {
      return matrix;
    }
    const std::int64_t bytes = format_ == WeightFormat::int8
                                   ? int8_matrix_bytes(rows, columns)
                                   : rows * columns * static_cast<std::int64_t>(size_of(wanted));
    INFERENCE_TRY(matrix.copy, Buffer::make(bytes, "weights"));
    matrix.view.data = matrix.copy.data();
    pool_.run([&](int thread) {
      const Share share = share_of(rows, kInt8PanelRows, thread, pool_.size());
      convert(tensor, columns, share, matrix.copy);
    });
    return matrix;
  }

 private:
  void convert(const TensorView& tensor, std::int64_t columns, const Share& share,
               const Buffer& out) const {
    std::vector<float> rows(static_cast<std::size_t>(kInt8PanelRows * columns));
    for (std::int64_t row = share.first; row < share.last; row += kInt8PanelRows) {
      const std::int64_t num = std::min(kInt8PanelRows, share.last - row);
      read_floats(tensor, row * columns, num * columns, rows.data());
      if (format_ == WeightFormat::int8) {
        quantize_panel(rows.data(), num, columns, row / kInt8PanelRows, out.data());
      } else if (format_ == WeightFormat::bf16) {
        auto* to = reinterpret_cast<std::uint16_t*>(out.data()) + row * columns;
        std::transform(rows.data(), rows.data() + num * columns, to, to_bf16);
      } else {
        std::copy_n(rows.data(), num * columns, out.floats() + row * columns);
      }
    }
  }

  WeightFormat format_;
  const Kernels& kernels_;
  ThreadPool& pool_;
};

Result<void> read_vector(const TensorView& tensor, std::int64_t size, std::vector<float>& out) {
  if (tensor.shape != std::vector<std::int64_t>{size} || !is_readable(tensor)) {
    return fail(Errc::invalid_argument,
                "a norm's weight is not (" + std::to_string(size) + ") of bf16, f16 or f32");
  }
  out.resize(static_cast<std::size_t>(size));
  read_floats(tensor, 0, size, out.data());
  return {};
}

Result<CpuLayer> make_layer(const ModelConfig& config, const LayerWeights& weights,
                            const MatrixMaker& maker) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t intermediate = config.intermediate_size;
  CpuLayer layer;
  INFERENCE_TRY(layer.q, maker.make(weights.q_proj, config.q_size(), hidden));
  INFERENCE_TRY(layer.k, maker.make(weights.k_proj, config.kv_size(), hidden));
  INFERENCE_TRY(layer.v, maker.make(weights.v_proj, config.kv_size(), hidden));
  INFERENCE_TRY(layer.o, maker.make(weights.o_proj, hidden, config.q_size()));
  INFERENCE_TRY(layer.gate, maker.make(weights.gate_proj, intermediate, hidden));
  INFERENCE_TRY(layer.up, maker.make(weights.up_proj, intermediate, hidden));
  INFERENCE_TRY(layer.down, maker.make(weights.down_proj, hidden, intermediate));
  INFERENCE_CHECK(read_vector(weights.input_norm, hidden, layer.input_norm));
  INFERENCE_CHECK(read_vector(weights.post_attention_norm, hidden, layer.post_attention_norm));
  INFERENCE_CHECK(read_vector(weights.q_norm, config.head_dim, layer.q_norm));
  INFERENCE_CHECK(read_vector(weights.k_norm, config.head_dim, layer.k_norm));
  return layer;
}

}  // namespace

bool is_readable(const TensorView& tensor) noexcept {
  if (tensor.dtype != DType::fp8) return size_of(tensor.dtype) != 0;
  if (tensor.shape.size() != 2 || !tensor.scales || tensor.scales->shape.size() != 2) return false;
  const auto fits = [&](std::size_t i) {
    return tensor.scales->shape[i] == fp8_blocks(tensor.shape[i]);
  };
  return fits(0) && fits(1) && tensor.scales->dtype != DType::fp8 && is_readable(*tensor.scales);
}

void read_floats(const TensorView& tensor, std::int64_t first, std::int64_t n,
                 float* out) noexcept {
  if (tensor.dtype == DType::fp8) return read_fp8(tensor, first, n, out);
  const auto size = static_cast<std::int64_t>(size_of(tensor.dtype));
  const std::byte* data = tensor.data + first * size;
  if (tensor.dtype == DType::f32) {
    std::memcpy(out, data, static_cast<std::size_t>(n * size));
  } else if (tensor.dtype == DType::bf16) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = from_bf16(element<std::uint16_t>(data, i));
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i] = from_f16(element<std::uint16_t>(data, i));
  }
}

Result<CpuModel> make_cpu_model(const ModelConfig& config, Weights weights, WeightFormat format,
                                const Kernels& kernels, ThreadPool& pool) {
  const MatrixMaker maker(format, kernels, pool);
  CpuModel model;
  if (std::ssize(weights.layers) != config.num_hidden_layers) {
    return fail(Errc::invalid_argument, "the weights have not as many layers as the configuration");
  }
  for (const LayerWeights& layer : weights.layers) {
    INFERENCE_TRY(auto made, make_layer(config, layer, maker));
    model.layers.push_back(std::move(made));
  }
  INFERENCE_CHECK(read_vector(weights.norm, config.hidden_size, model.norm));
  INFERENCE_TRY(model.lm_head, maker.make(weights.lm_head, config.vocab_size, config.hidden_size));
  if (weights.embedding.shape != weights.lm_head.shape || !is_readable(weights.embedding)) {
    return fail(Errc::invalid_argument, "the embedding has not the shape of lm_head");
  }
  model.weights = std::move(weights);
  return model;
}

}  // namespace sluice::inference
