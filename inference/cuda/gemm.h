#pragma once

#include "inference/cuda/bf16.cuh"
#include "inference/cuda/launch.cuh"

#include <cstdint>

// The matrix products of a model, X W^T of bf16, or of W in fp8, with sums in fp32, each with what
// is done to its sums before they reach memory. The bits of a token's results depend on its row of
// X and on W, not on the other tokens or on how many there are: every sum is taken in one order
// (gemm_parts.cuh). How a tensor core adds within one of its products is its own; so the bits are
// those of one architecture.

namespace sluice::inference::cuda {

/// X and W, in device memory.
struct GemmOperands {
  /// (num_rows, depth) in weight_offset() order; rows up to the next multiple of 16 are zeros.
  /// Nobody writes them while the kernel before this one runs.
  const Bf16* weights = nullptr;
  /// The same in fp8, in fp8_offset() order, instead of `weights`; not for StoreLogits. Read is
  /// what scaled_fp8() (gemm_weights.cuh) makes of it: the product is that of those weights in
  /// bf16.
  const std::uint8_t* fp8 = nullptr;
  const Bf16* scales = nullptr;  ///< In scale_offset() order, each as stored_scale() has it.
  /// (.., depth) in activation_offset() order.
  const Bf16* x = nullptr;
  /// (num_tokens): which row of x is that of a token; null: the first num_tokens, in their order.
  const int* rows = nullptr;
  /// (.., depth / 16): sums of squares of the hidden state, of which x is the product with a norm's
  /// weights. The RMSNorm's other factor, 1 / sqrt(mean of squares + epsilon), then multiplies the
  /// sums. Null: x is what it is.
  const float* squares = nullptr;
  float epsilon = 0;
  int num_tokens = 0;
  int num_rows = 0;  ///< Of W: columns of the result.
  int depth = 0;     ///< A multiple of 32.
};

/// out = X W^T.
struct StoreFloats {
  float* out;  ///< (num_tokens, num_rows)
};

/// hidden += X W^T, and what the product behind the next RMSNorm reads of it.
struct AddToHidden {
  float* hidden;     ///< (num_tokens, num_rows); num_rows is a multiple of 32.
  const Bf16* norm;  ///< (num_rows): weights of the next norm.
  Bf16* scaled;      ///< hidden * norm, in activation_offset() order.
  float* squares;    ///< (num_tokens, num_rows / 16): of 16 neighbours the sum of their squares.
};

/// out = silu(X gate^T) * (X up^T), where W has the rows of both at gate_row() and up_row().
struct SwiGlu {
  Bf16* out;  ///< (num_tokens, num_rows / 2), that a multiple of 32, in activation_offset() order.
};

inline constexpr int kLogitGroup = 16;  ///< Neighbours among which StoreLogits finds the best.

/// logits = X W^T; -inf for tokens that may not come.
struct StoreLogits {
  float* logits;  ///< (num_tokens, stride): num_rows of each, then -inf up to the group's end.
  std::int64_t stride;           ///< At least num_rows.
  int num_used;                  ///< Rows from here on are padding of the vocabulary: -inf.
  const std::uint32_t* allowed;  ///< (num_tokens, num_rows / 32 rounded up): bit i % 32 of word
                                 ///< i / 32 says that row i may come. Null: all may.
  float* best_logits;  ///< (num_tokens, num_rows / kLogitGroup rounded up): the largest of a group,
  int* best_rows;      ///< and which row has it, of equals the first.
};

/// Once on each device, before the first product.
cudaError_t prepare_gemm();

/// Puts a product into `stream`. Nothing to do (no tokens) is no error.
/// Errors: those of the launch; cudaErrorInvalidValue for sizes that are not as told above.
cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands, const StoreFloats& to);
cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands, const AddToHidden& to);
cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands, const SwiGlu& to);
cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands, const StoreLogits& to);

}  // namespace sluice::inference::cuda
