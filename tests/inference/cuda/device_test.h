#pragma once

#include <cuda_runtime.h>

#include <gtest/gtest.h>

// What the tests of the kernels need to run on fibers and, compiled by nvcc, on a device.

#ifdef __CUDACC__
namespace cuda_on_host {
enum class ThreadOrder { ascending };  // A device has its own.
inline void set_thread_order(ThreadOrder) {}
}  // namespace cuda_on_host
#endif

namespace sluice::inference::cuda {

/// Those that a test of a kernel goes through: what depends on them lacks a barrier.
inline constexpr cuda_on_host::ThreadOrder kThreadOrders[] = {
    cuda_on_host::ThreadOrder::ascending,
#ifndef __CUDACC__
    cuda_on_host::ThreadOrder::descending,
    cuda_on_host::ThreadOrder::shuffled,
#endif
};

}  // namespace sluice::inference::cuda
