// The backend of GPUs: not there yet.

#include "inference/cuda/cuda_backend.h"

namespace sluice::inference {

Result<std::unique_ptr<Backend>> make_cuda_backend(const ModelConfig& /*config*/,
                                                   Weights /*weights*/,
                                                   const CudaOptions& options) {
  INFERENCE_TRY(const CudaDevice device, find_cuda_device(options.device));
  return fail(Errc::unavailable, device.name + ": the CUDA backend is not there yet");
}

}  // namespace sluice::inference
