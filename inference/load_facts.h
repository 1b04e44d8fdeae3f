#pragma once

#include "inference/device_choice.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::inference {

/// What loading a model came to, for people.
struct LoadFacts {
  std::int64_t weight_bytes = 0;  ///< Of all parameters, as they are stored.
  std::chrono::milliseconds load_time{0};
  Device place = Device::cpu;                ///< cpu or cuda.
  WeightFormat format = WeightFormat::bf16;  ///< That it computes in.
  std::string device;                        ///< E.g. "cpu avx512_bf16 bf16, 2 threads".
  std::string why_cpu;  ///< What was in the way of a GPU, where one was looked for; else empty.
  std::int64_t kv_cache_bytes = 0;
  std::int64_t max_context = 0;  ///< The longest that fits: tokens of prompt and completion.
};

}  // namespace sluice::inference
