// What stands in for the CUDA backend in a build without it (SLUICE_CUDA): it says so.

#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/read_bandwidth.h"

namespace sluice::inference {
namespace {

Error no_cuda() { return fail(Errc::unavailable, "this build has no CUDA backend"); }

}  // namespace

bool has_cuda() noexcept { return false; }

Result<CudaDevice> find_cuda_device(int /*index*/) { return no_cuda(); }

Result<std::unique_ptr<Backend>> make_cuda_backend(const ModelConfig& /*config*/,
                                                   Weights /*weights*/,
                                                   const CudaOptions& /*options*/) {
  return no_cuda();
}

Result<double> read_bandwidth(int /*device*/) { return no_cuda(); }

}  // namespace sluice::inference
