// The products of weights in fp8.

#include "inference/cuda/gemm_launch.cuh"

namespace sluice::inference::cuda {

template cudaError_t launch_gemm<Fp8Weights>(const Stream&, const GemmOperands&,
                                             const StoreFloats&);
template cudaError_t launch_gemm<Fp8Weights>(const Stream&, const GemmOperands&,
                                             const AddToHidden&);
template cudaError_t launch_gemm<Fp8Weights>(const Stream&, const GemmOperands&, const SwiGlu&);

template cudaError_t prepare_gemm_of<Fp8Weights, StoreFloats>();
template cudaError_t prepare_gemm_of<Fp8Weights, AddToHidden>();
template cudaError_t prepare_gemm_of<Fp8Weights, SwiGlu>();

}  // namespace sluice::inference::cuda
