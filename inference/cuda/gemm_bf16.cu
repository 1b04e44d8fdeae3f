// The products of weights in bf16.

#include "inference/cuda/gemm_launch.cuh"

namespace sluice::inference::cuda {

template cudaError_t launch_gemm<Bf16Weights>(const Stream&, const GemmOperands&,
                                              const StoreFloats&);
template cudaError_t launch_gemm<Bf16Weights>(const Stream&, const GemmOperands&,
                                              const AddToHidden&);
template cudaError_t launch_gemm<Bf16Weights>(const Stream&, const GemmOperands&, const SwiGlu&);
template cudaError_t launch_gemm<Bf16Weights>(const Stream&, const GemmOperands&,
                                              const StoreLogits&);

template cudaError_t prepare_gemm_of<Bf16Weights, StoreFloats>();
template cudaError_t prepare_gemm_of<Bf16Weights, AddToHidden>();
template cudaError_t prepare_gemm_of<Bf16Weights, SwiGlu>();
template cudaError_t prepare_gemm_of<Bf16Weights, StoreLogits>();

}  // namespace sluice::inference::cuda
