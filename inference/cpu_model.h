#pragma once

#include "inference/buffer.h"
#include "inference/cpu_backend.h"
#include "inference/kernels.h"
#include "inference/thread_pool.h"
#include "inference/weights.h"

#include <vector>

namespace sluice::inference {

/// A weight matrix in the form its kernels read.
struct CpuMatrix {
  MatrixView view;
  const MatrixKernels* kernels = nullptr;
  Buffer copy;  ///< Where view.data points, unless it points into a file.
};

struct CpuLayer {
  CpuMatrix q, k, v, o, gate, up, down;
  std::vector<float> input_norm, post_attention_norm;  // (hidden_size)
  std::vector<float> q_norm, k_norm;                   // (head_dim)
};

/// The weights of a model, ready for the kernels.
struct CpuModel {
  Weights weights;  ///< What the matrices may point into, and the embedding.
  std::vector<CpuLayer> layers;
  std::vector<float> norm;  // (hidden_size)
  CpuMatrix lm_head;
};

/// Converts or quantises what does not lie in the right form already.
/// Errors: invalid_argument (shapes); resource_exhausted.
[[nodiscard]] Result<CpuModel> make_cpu_model(const ModelConfig& config, Weights weights,
                                              WeightFormat format, const Kernels& kernels,
                                              ThreadPool& pool);

/// Whether read_floats() has it: bf16, f16, f32, and a matrix of fp8 with all its scales.
[[nodiscard]] bool is_readable(const TensorView& tensor) noexcept;

/// Elements [first, first + n) of a tensor as floats; those of fp8 times their scales.
void read_floats(const TensorView& tensor, std::int64_t first, std::int64_t n, float* out) noexcept;

}  // namespace sluice::inference
