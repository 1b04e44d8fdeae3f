#pragma once

#include "inference/bf16.h"
#include "inference/cuda/bf16.cuh"

#include <cuda_runtime.h>

#include <cstdint>

// The instructions that CUDA C++ has no name for, each as a function. The tests have a second file
// of this name, in which a processor does the same.

namespace sluice::inference::cuda {

inline constexpr unsigned kWholeWarp = 0xffffffffU;

/// The dynamic shared memory of the block, aligned to 16 bytes.
template <class T>
__device__ __forceinline__ T* shared_memory() {
  extern __shared__ uint4 bytes[];
  return reinterpret_cast<T*>(bytes);
}

__host__ __device__ __forceinline__ float to_float(Bf16 value) { return from_bf16(value.bits); }

/// Two floats as bf16, to the nearest, ties to even; `low` is the one at the lower address.
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
  unsigned packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
}

__host__ __device__ __forceinline__ Bf16 to_bf16(float value) {
#ifdef __CUDA_ARCH__
  Bf16 rounded;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(rounded.bits) : "f"(value));
  return rounded;
#else
  return {inference::to_bf16(value)};
#endif
}

/// Two products of bf16, each to the nearest, ties to even; subnormals are numbers as others are.
__device__ __forceinline__ unsigned multiply_bf16(unsigned a, unsigned b) {
  constexpr unsigned kMinusZeros = 0x80008000U;  // What changes no sum, not even its sign.
  unsigned product;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(product) : "r"(a), "r"(b), "r"(kMinusZeros));
  return product;
}

/// What nobody writes while the kernel runs, and nobody reads twice: weights.
__device__ __forceinline__ uint4 load_once(const void* from) {
  uint4 value;
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
               : "l"(from));
  return value;
}

/// C += A B: 16 x 16 by 16 x 8, bf16, summed in fp32. Which lane holds what: tile_layout.h.
__device__ __forceinline__ void mma(float (&c)[4], unsigned a0, unsigned a1, unsigned a2,
                                    unsigned a3, unsigned b0, unsigned b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

/// Starts copying 16 bytes from global to shared memory; both addresses are multiples of 16.
__device__ __forceinline__ void copy_async(void* shared, const void* global) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
}

/// Closes the group of the copies that this thread has started since the last one.
__device__ __forceinline__ void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Until at most `kLeft` groups of this thread are on their way.
template <int kLeft>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kLeft) : "memory");
}

/// 2^x to 2 units in the last place; 0 for x = -inf.
__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/// Until the kernels before this one in its stream are through, and what they wrote can be read:
/// the first thing that a kernel does which launch() started, weights that nobody writes excepted.
__device__ __forceinline__ void wait_for_previous_kernel() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// From here on the next kernel may take the places that this one leaves free.
__device__ __forceinline__ void let_next_kernel_start() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

}  // namespace sluice::inference::cuda
