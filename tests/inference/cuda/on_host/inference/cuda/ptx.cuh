#pragma once

// inference/cuda/ptx.cuh for the processor: the same functions, one for one.

#include "inference/bf16.h"
#include "inference/cuda/bf16.cuh"

#include <cuda_runtime.h>

#include <cstdint>

namespace sluice::inference::cuda {

inline constexpr unsigned kWholeWarp = 0xffffffffU;

template <class T>
T* shared_memory() {
  return reinterpret_cast<T*>(cuda_on_host::dynamic_shared_memory());
}

inline float to_float(Bf16 value) { return from_bf16(value.bits); }

inline Bf16 to_bf16(float value) { return {inference::to_bf16(value)}; }

inline unsigned pack_bf16(float low, float high) {
  return inference::to_bf16(low) | static_cast<unsigned>(inference::to_bf16(high)) << 16;
}

inline unsigned multiply_bf16(unsigned a, unsigned b) {
  const auto product = [](unsigned x, unsigned y) {
    return inference::to_bf16(from_bf16(static_cast<std::uint16_t>(x)) *
                              from_bf16(static_cast<std::uint16_t>(y)));
  };
  return product(a, b) | static_cast<unsigned>(product(a >> 16, b >> 16)) << 16;
}

inline uint4 load_once(const void* from) {
  cuda_on_host::require_alignment(from);
  uint4 value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline void mma(float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0,
                unsigned b1) {
  struct Operands {
    unsigned a[4], b[2];
  };
  const auto all = cuda_on_host::exchange(Operands{{a0, a1, a2, a3}, {b0, b1}});
  const auto half = [](unsigned word, int index) {
    return from_bf16(static_cast<std::uint16_t>(word >> (16 * index)));
  };
  // PTX ISA, matrix fragments of mma.m16n8k16: k = 2t + {0, 1} in the first register of a row, 8
  // more in the one two further (A) or one further (B).
  const auto a = [&](int row, int k) {
    const auto& lane = all[row % 8 * 4 + k % 8 / 2];
    return half(lane.a[row / 8 + k / 8 * 2], k % 2);
  };
  const auto b = [&](int k, int column) {
    const auto& lane = all[column * 4 + k % 8 / 2];
    return half(lane.b[k / 8], k % 2);
  };
  const int lane = cuda_on_host::lane();
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 + i / 2 * 8;
    const int column = lane % 4 * 2 + i % 2;
    float sum = 0;
    for (int k = 0; k < 16; ++k) sum += a(row, k) * b(k, column);
    c[i] += sum;
  }
}

inline void copy_async(void* shared, const void* global) {
  cuda_on_host::require_alignment(shared);
  cuda_on_host::require_alignment(global);
  cuda_on_host::start_copy(shared, global, 16);
}

inline void commit_copies() { cuda_on_host::commit_copies(); }

template <int kLeft>
void wait_for_copies() {
  cuda_on_host::wait_for_copies(kLeft);
}

inline float exp2_fast(float x) { return std::exp2(x); }

inline void wait_for_previous_kernel() {}
inline void let_next_kernel_start() {}

}  // namespace sluice::inference::cuda
