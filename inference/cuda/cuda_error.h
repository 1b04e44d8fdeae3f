#pragma once

#include "inference/result.h"

#include <cuda_runtime.h>

namespace sluice::inference::cuda {

/// `error` as a Result. Errors: resource_exhausted, for memory; unavailable, for all else: nearly
/// all of it poisons the device's context, so that every later call fails too. `what` says what was
/// asked for.
[[nodiscard]] Result<void> check(cudaError_t error, const char* what);

}  // namespace sluice::inference::cuda
