// What GPU there is, by the CUDA runtime, which is linked statically and looks for the driver when
// it is first asked: a machine without one gets an answer, not a missing library.

#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/cuda_forward.h"
#include "inference/cuda/device_session.h"

#include <cuda_runtime_api.h>

#include <string>

namespace sluice::inference {
namespace {

Error unavailable(std::string detail) { return fail(Errc::unavailable, std::move(detail)); }

Error failed(const char* call, cudaError_t error) {
  return unavailable(std::string(call) + ": " + cudaGetErrorString(error));
}

/// CUDA's numbers for its versions: 13000 is 13.0.
std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// How many devices there are; where the driver cannot say, why.
Result<int> count_devices() {
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
    return unavailable("no NVIDIA driver is here");
  }
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    return unavailable("the NVIDIA driver is for CUDA " + version_text(driver) +
                       ", this build of " + version_text(CUDART_VERSION) + " needs a newer one");
  }
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    return unavailable("the NVIDIA driver shows no GPU");
  }
  if (error != cudaSuccess) return failed("cudaGetDeviceCount", error);
  return count;
}

std::string capability_text(const CudaDevice& device) {
  return "compute capability " + std::to_string(device.major) + "." + std::to_string(device.minor);
}

/// SLUICE_CUDA_CODE: "sm_90 compute_90", what the build is for.
Result<void> check_code(const CudaDevice& device) {
  const cudaError_t error = cuda::CudaForward::find_code();
  if (error == cudaErrorNoKernelImageForDevice || error == cudaErrorInvalidDeviceFunction) {
    return unavailable(device.name + " has " + capability_text(device) +
                       ", this build has code for " SLUICE_CUDA_CODE " only");
  }
  if (error != cudaSuccess) return failed("cudaFuncGetAttributes", error);
  return {};
}

}  // namespace

bool has_cuda() noexcept { return true; }

Result<CudaDevice> find_cuda_device(int index) {
  // Before anything of CUDA is asked: on a device that is lost, all of it fails.
  INFERENCE_CHECK(cuda::DeviceSession::wait_until_usable(index, cuda::kLetGoPatience));
  INFERENCE_TRY(const int count, count_devices());
  if (index < 0 || index >= count) {
    return unavailable("GPU " + std::to_string(index) + " is not among the " +
                       std::to_string(count) + " that are here, counted from 0");
  }
  cudaDeviceProp properties{};
  if (const auto error = cudaGetDeviceProperties(&properties, index); error != cudaSuccess) {
    return failed("cudaGetDeviceProperties", error);
  }
  CudaDevice device;
  device.name = properties.name;
  device.major = properties.major;
  device.minor = properties.minor;
  if (device.major < kCudaMajorMin) {
    return unavailable(device.name + " has " + capability_text(device) + ", " +
                       std::to_string(kCudaMajorMin) + ".0 or newer is wanted");
  }
  if (const auto error = cudaSetDevice(index); error != cudaSuccess) {
    return failed("cudaSetDevice", error);
  }
  INFERENCE_CHECK(check_code(device));
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  if (const auto error = cudaMemGetInfo(&free_bytes, &total_bytes); error != cudaSuccess) {
    return failed("cudaMemGetInfo", error);
  }
  device.free_bytes = static_cast<std::int64_t>(free_bytes);
  device.total_bytes = static_cast<std::int64_t>(total_bytes);
  return device;
}

}  // namespace sluice::inference
