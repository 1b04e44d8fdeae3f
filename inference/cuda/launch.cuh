#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

namespace sluice::inference::cuda {

struct LaunchShape {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;  ///< Dynamic; above 48 KiB, allow_shared_memory() comes first.
};

/// Where kernels are started.
struct Stream {
  cudaStream_t handle = nullptr;
  bool starts_early = false;  ///< CudaForward::can_start_early().
  int multiprocessors = 132;  ///< Of the device: what a grid is cut for.
};

/// Starts `kernel` behind what is in `stream`, or puts it into the graph that is being captured.
/// Where the stream starts early, its blocks may run while the kernel before it ends (programmatic
/// dependent launch): it calls wait_for_previous_kernel() before it reads or writes what others
/// touch.
template <class... Params, class... Args>
cudaError_t launch(const Stream& stream, const LaunchShape& shape, void (*kernel)(Params...),
                   Args&&... args) {
  cudaLaunchAttribute early{};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream.handle;
  config.attrs = &early;
  config.numAttrs = stream.starts_early ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, std::forward<Args>(args)...);
}

/// Once for each kernel that takes more dynamic shared memory than 48 KiB.
template <class... Params>
cudaError_t allow_shared_memory(void (*kernel)(Params...), std::size_t bytes) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                              cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes));
}

}  // namespace sluice::inference::cuda
