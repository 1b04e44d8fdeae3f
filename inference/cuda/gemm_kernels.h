#pragma once

#include "inference/cuda/gemm.h"

namespace sluice::inference::cuda {

/// The products for W in one form (gemm_weights.cuh), as gemm.h tells. Compiled in a file for each
/// form, side by side: there are many kernels. Bf16Weights has all epilogues, Fp8Weights all but
/// StoreLogits.
template <class W, class Epilogue>
cudaError_t launch_gemm(const Stream& stream, const GemmOperands& in, const Epilogue& to);

/// Once on each device, before the first launch_gemm().
template <class W, class Epilogue>
cudaError_t prepare_gemm_of();

}  // namespace sluice::inference::cuda
