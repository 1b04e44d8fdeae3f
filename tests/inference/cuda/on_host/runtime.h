#pragma once

#include <cuda_runtime.h>

namespace cuda_on_host {

/// What the next call of the runtime, or the next work that a stream runs, comes to. The errors
/// that a device never gets over (cudaErrorIllegalAddress, cudaErrorLaunchFailure) stay until
/// cudaDeviceReset().
void fail_next_call(cudaError_t error);
void fail_next_work(cudaError_t error);

/// From now on cudaDeviceReset() fails on a device that is lost, and leaves it so.
void refuse_resets();

/// What cudaFuncGetAttributes() says of each kernel: other than cudaSuccess, and the build has no
/// code for the device.
void set_code(cudaError_t error);

/// Of the device that cudaMemGetInfo() and cudaGetDeviceProperties() tell of. No device: 0 bytes.
void set_device_memory(std::size_t bytes);

/// Bytes that cudaMalloc() has given out and not got back.
[[nodiscard]] std::size_t allocated_bytes();

/// How often cudaMalloc() and cudaHostAlloc() have been called.
[[nodiscard]] int num_allocations();

}  // namespace cuda_on_host
