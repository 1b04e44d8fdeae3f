#include "inference/cuda/cuda_error.h"

#include <string>

namespace sluice::inference::cuda {

Result<void> check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return {};
  static_cast<void>(cudaGetLastError());  // Else the next call would report it again.
  const Errc code =
      error == cudaErrorMemoryAllocation ? Errc::resource_exhausted : Errc::unavailable;
  return fail(code, std::string("cuda: ") + what + ": " + cudaGetErrorName(error) + " (" +
                        cudaGetErrorString(error) + ")");
}

}  // namespace sluice::inference::cuda
