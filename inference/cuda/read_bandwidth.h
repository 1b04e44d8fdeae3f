#pragma once

#include "inference/result.h"

namespace sluice::inference {

/// How many bytes a second kernels read from the memory of a device: the best of several passes
/// over memory that is much larger than its caches. What decoding is measured by. Takes
/// 4 GiB of it meanwhile. Errors: unavailable (also: no CUDA in this build), resource_exhausted.
[[nodiscard]] Result<double> read_bandwidth(int device);

}  // namespace sluice::inference
