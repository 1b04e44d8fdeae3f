#include "inference/cuda/gemm.h"

#include "inference/cuda/gemm_kernels.h"
#include "inference/cuda/tile_layout.h"

namespace sluice::inference::cuda {

struct Bf16Weights;
struct Fp8Weights;

namespace {

template <class Epilogue>
cudaError_t launch_any(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  return in.fp8 != nullptr ? launch_gemm<Fp8Weights>(stream, in, to)
                           : launch_gemm<Bf16Weights>(stream, in, to);
}

}  // namespace

cudaError_t prepare_gemm() {
  for (const auto prepare :
       {prepare_gemm_of<Bf16Weights, StoreFloats>, prepare_gemm_of<Bf16Weights, AddToHidden>,
        prepare_gemm_of<Bf16Weights, SwiGlu>, prepare_gemm_of<Bf16Weights, StoreLogits>,
        prepare_gemm_of<Fp8Weights, StoreFloats>, prepare_gemm_of<Fp8Weights, AddToHidden>,
        prepare_gemm_of<Fp8Weights, SwiGlu>}) {
    const cudaError_t error = prepare();
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands,
                         const StoreFloats& to) {
  return launch_any(stream, operands, to);
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands,
                         const AddToHidden& to) {
  if (operands.num_rows % kTileK != 0) return cudaErrorInvalidValue;
  return launch_any(stream, operands, to);
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands, const SwiGlu& to) {
  if (operands.num_rows % (2 * kTileK) != 0) return cudaErrorInvalidValue;
  return launch_any(stream, operands, to);
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands,
                         const StoreLogits& to) {
  if (to.stride < operands.num_rows || to.num_used > operands.num_rows || operands.fp8 != nullptr) {
    return cudaErrorInvalidValue;
  }
  return launch_gemm<Bf16Weights>(stream, operands, to);
}

}  // namespace sluice::inference::cuda
