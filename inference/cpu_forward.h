#pragma once

#include "inference/backend.h"
#include "inference/buffer.h"
#include "inference/cpu_attention.h"
#include "inference/cpu_backend.h"
#include "inference/cpu_model.h"
#include "inference/kernels.h"
#include "inference/kv_cache.h"
#include "inference/model_config.h"
#include "inference/result.h"
#include "inference/rope.h"
#include "inference/thread_pool.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace sluice::inference {

/// Whether the KV cache is bf16, rather than f32.
[[nodiscard]] bool has_bf16_cache(WeightFormat format) noexcept;

/// The forward pass: rows of tokens through all layers of a model. All rows are multiplied with a
/// matrix at once, each in an order of its own.
class CpuForward {
 public:
  static constexpr std::int64_t kMaxRows = 128;  ///< Of one run(); bounds the scratch.

  /// `config` and `kernels` outlive it.
  CpuForward(const ModelConfig& config, const Kernels& kernels, int num_threads);

  /// Once, before run().
  /// Errors: invalid_argument, resource_exhausted.
  Result<void> prepare(Weights weights, WeightFormat format, std::int64_t num_blocks);

  /// Runs `rows` and writes the logits of those in `wanted` (indices), (wanted, vocab_size).
  void run(std::span<const StepRow> rows, std::span<const std::int64_t> wanted, float* logits);

  [[nodiscard]] int num_threads() const noexcept { return pool_.size(); }

 private:
  /// A matrix, and where its products with the packed rows go.
  struct Linear {
    const CpuMatrix* matrix;
    Products out;
  };
  /// Each (rows, ...).
  struct Activations {
    Buffer hidden;     // (rows, hidden_size): the residual stream
    Buffer packed;     // what a matrix is multiplied with
    Buffer norm;       // (rows, hidden_size)
    Buffer qkv;        // (rows, q_size + 2 kv_size)
    Buffer attention;  // (rows, q_size)
    Buffer gate;       // (rows, intermediate_size)
    Buffer up;         // (rows, intermediate_size)
    Buffer cos;        // (rows, head_dim / 2)
    Buffer sin;        // (rows, head_dim / 2)
  };

  Result<void> make_activations();
  void start_rows();
  void attend(const CpuLayer& layer, std::int64_t layer_index);
  void feed_forward(const CpuLayer& layer);
  void write_logits(std::span<const std::int64_t> wanted, float* logits);
  void norm_and_rotate(const std::vector<float>& weight, float* heads, std::int64_t num_heads,
                       std::int64_t row);
  void norm_and_pack(const std::vector<float>& weight, const CpuMatrix& matrix);
  void norm_row(const std::vector<float>& weight, const CpuMatrix& matrix, std::int64_t from,
                std::int64_t to);
  void pack_row(const CpuMatrix& matrix, const float* x, std::int64_t row);
  void multiply(const Linear& linear, std::int64_t num_rows, int thread);
  void multiply_all(std::initializer_list<Linear> linears, std::int64_t num_rows);
  template <class F>
  void each_row(std::int64_t num, F&& function);
  [[nodiscard]] float* hidden(std::int64_t row) noexcept;

  const ModelConfig& config_;
  const Kernels& kernels_;
  ThreadPool pool_;
  Rope rope_;
  CpuModel model_;
  KvCache cache_;
  CpuAttention attention_;
  Activations activations_;
  std::span<const StepRow> rows_;  // Of the run.
};

}  // namespace sluice::inference
