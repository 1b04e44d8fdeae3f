#pragma once

#include <cstdint>

namespace sluice::inference::cuda {

/// A bf16 as it lies in memory. Arithmetic is fp32: convert with to_float() and ptx.cuh.
struct Bf16 {
  std::uint16_t bits;
};

}  // namespace sluice::inference::cuda
