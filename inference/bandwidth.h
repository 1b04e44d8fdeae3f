#pragma once

#include "inference/thread_pool.h"

#include <cstddef>
#include <cstdint>

namespace sluice::inference {

/// How long all threads of `pool` take to read `size` bytes from front to back, each its part, as
/// they read weights: no decoding is faster than that. In seconds; other work on the machine makes
/// it longer, so the least of several is the machine's.
[[nodiscard]] double read_seconds(ThreadPool& pool, const std::byte* data, std::int64_t size);

}  // namespace sluice::inference
