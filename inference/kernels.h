#pragma once

#include "inference/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::inference {

/// Instruction sets that have kernels of their own. avx512 uses the bf16 and VNNI instructions
/// where the processor has them.
enum class Isa : std::uint8_t { scalar, avx2, avx512 };

/// "scalar", "avx2", "avx512".
[[nodiscard]] std::string_view to_string(Isa isa) noexcept;

/// A weight matrix as the kernels read it: f32 and bf16 row-major with nothing between the rows,
/// int8 in the panels of int8_matrix.h.
struct MatrixView {
  const std::byte* data = nullptr;
  std::int64_t rows = 0;     ///< Outputs.
  std::int64_t columns = 0;  ///< Inputs.
};

/// Where products go: row i of the activations, row r of the matrix -> data[i * stride + r].
struct Products {
  float* data = nullptr;
  std::int64_t stride = 0;
  bool add = false;  ///< To what is there.
};

/// Products of one kind of matrix. Each product is summed in one order, which depends on the number
/// of columns only: not on how many rows are asked for, of the matrix or of the activations.
struct MatrixKernels {
  /// Bytes of one packed row of activations, a multiple of 64.
  std::int64_t (*packed_bytes)(std::int64_t columns);
  /// One row of activations into the form that multiply() reads; `out` is aligned to 64.
  void (*pack)(const float* x, std::int64_t columns, std::byte* out);
  /// Rows [first, last) of the matrix with `num_x` packed rows. `first` is a multiple of 16.
  void (*multiply)(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                   const std::byte* x, std::int64_t num_x, const Products& out);
};

/// Queries that see the same keys and values: (num, head_dim) fp32.
struct Queries {
  const float* data = nullptr;
  std::int64_t num = 0;
  std::int64_t head_dim = 0;
};

/// Attention over KV blocks of 16 positions. The keys of a block are (head_dim, 16), the values
/// (16, head_dim). Sums over positions run from the first to the last.
struct AttentionKernels {
  /// scores[i * stride + position] = scale * q_i . k_position, for whole blocks.
  void (*scores)(const Queries& queries, const void* const* keys, std::int64_t num_blocks,
                 float scale, float* scores, std::int64_t stride);
  /// out[i * head_dim ..] += sum over [first, last) of weights[i * stride + position] * v_position.
  void (*values)(const float* weights, std::int64_t stride, const void* const* values,
                 std::int64_t first, std::int64_t last, const Queries& shape, float* out);
};

struct Kernels {
  std::string_view name;  ///< "scalar", "avx2", "avx512", "avx512_bf16_vnni".
  MatrixKernels f32;
  MatrixKernels bf16;
  MatrixKernels int8;
  AttentionKernels attention_f32;
  AttentionKernels attention_bf16;
  /// out = x / sqrt(mean(x^2) + eps) * weight; out may be x.
  void (*rms_norm)(const float* x, const float* weight, std::int64_t n, float eps, float* out);
  /// x[0, half) and x[half, 2 half) as the real and imaginary parts, turned by the angles.
  void (*rotate)(float* x, const float* cos, const float* sin, std::int64_t half);
  /// gate = silu(gate) * up.
  void (*swiglu)(float* gate, const float* up, std::int64_t n);
  /// x = exp(x - max) / sum.
  void (*softmax)(float* x, std::int64_t n);
};

/// The best that this processor has.
[[nodiscard]] Isa best_isa() noexcept;

/// Errors: invalid_argument: the processor does not have it.
[[nodiscard]] Result<const Kernels*> kernels_for(std::optional<Isa> isa);

/// One per file kernels_*.cc. The features of avx512 are asked for, not tested.
[[nodiscard]] const Kernels& scalar_kernels() noexcept;
[[nodiscard]] const Kernels& avx2_kernels() noexcept;
/// MatrixKernels::multiply of int8 without VNNI.
void multiply_int8_avx2(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                        const std::byte* x, std::int64_t num_x, const Products& out);
[[nodiscard]] const Kernels& avx512_kernels(bool has_bf16, bool has_vnni) noexcept;

}  // namespace sluice::inference
