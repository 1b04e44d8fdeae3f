// What the tests of the kernels stand on: threads that meet, exchange and multiply as on a device.

#include "inference/bf16.h"
#include "inference/cuda/launch.cuh"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"
#include "tests/inference/cuda/device_array.h"
#include "tests/inference/cuda/device_test.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sluice::inference::cuda {
namespace {

class OnHost : public testing::TestWithParam<cuda_on_host::ThreadOrder> {
 protected:
  void SetUp() override { cuda_on_host::set_thread_order(GetParam()); }
};

__global__ void reverse_in_shared_memory(const int* in, int* out) {
  int* shared = shared_memory<int>();
  const unsigned i = threadIdx.x;
  shared[i] = in[blockIdx.x * blockDim.x + i];
  __syncthreads();
  out[blockIdx.x * blockDim.x + i] = shared[blockDim.x - 1 - i];
}

TEST_P(OnHost, ThreadsOfABlockMeetAtItsBarrier) {
  std::vector<int> numbers(300);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i);
  const DeviceArray<int> in(numbers);
  const DeviceArray<int> out(numbers.size());
  on_stream([&](cudaStream_t stream) {
    launch({stream}, {3, 100, 100 * sizeof(int)}, reverse_in_shared_memory, in.data(), out.data());
  });
  const auto reversed = out.get();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(reversed[static_cast<std::size_t>(i)], i / 100 * 100 + 99 - i % 100);
  }
}

__global__ void sum_of_warp(const float* in, float* out) {
  float sum = in[threadIdx.x];
  for (int mask = 16; mask > 0; mask /= 2) sum += __shfl_xor_sync(kWholeWarp, sum, mask);
  out[threadIdx.x] = sum;
}

TEST_P(OnHost, LanesExchange) {
  std::vector<float> numbers(64);
  for (std::size_t i = 0; i < 64; ++i) numbers[i] = static_cast<float>(i);
  const DeviceArray<float> in(numbers);
  const DeviceArray<float> out(64);
  on_stream([&](cudaStream_t stream) {
    launch({stream}, {1, 64}, sum_of_warp, in.data(), out.data());
  });
  EXPECT_EQ(out.get()[5], 496);
  EXPECT_EQ(out.get()[40], 1520);
}

/// (16, depth) times (8, depth): one warp, through the layouts of tile_layout.h.
__global__ void multiply_tile(const Bf16* a, const Bf16* b, int depth, float* c) {
  const int lane = static_cast<int>(threadIdx.x);
  float sums[4] = {};
  for (int tile = 0; tile < depth / kTileK; ++tile) {
    const uint4 low = load_once(a + tile * kTileSize + lane * 8);
    const uint4 high = load_once(a + tile * kTileSize + kFragmentSize + lane * 8);
    const uint4 x = load_once(b + tile * kFragmentSize + lane * 8);
    mma(sums, low.x, high.x, low.y, high.y, x.x, x.y);
    mma(sums, low.z, high.z, low.w, high.w, x.z, x.w);
  }
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 + i / 2 * 8;
    c[row * 8 + lane % 4 * 2 + i % 2] = sums[i];
  }
}

TEST_P(OnHost, TilesMultiply) {
  constexpr int kDepth = 96;
  std::mt19937 random(3);
  std::uniform_int_distribution<int> small(-4, 4);
  std::vector<Bf16> a(16 * kDepth);
  std::vector<Bf16> b(8 * kDepth);
  std::vector<float> expected(16 * 8);
  std::vector<int> rows(16 * kDepth);
  std::vector<int> columns(8 * kDepth);
  for (auto* values : {&rows, &columns}) {
    for (int& value : *values) value = small(random);
  }
  for (int k = 0; k < kDepth; ++k) {
    for (int i = 0; i < 16; ++i) {
      a[static_cast<std::size_t>(weight_offset(i, k, kDepth))] =
          to_bf16(static_cast<float>(rows[static_cast<std::size_t>(i * kDepth + k)]));
    }
    for (int j = 0; j < 8; ++j) {
      b[static_cast<std::size_t>(activation_offset(j, k, kDepth))] =
          to_bf16(static_cast<float>(columns[static_cast<std::size_t>(j * kDepth + k)]));
    }
    for (int i = 0; i < 16; ++i) {
      for (int j = 0; j < 8; ++j) {
        expected[static_cast<std::size_t>(i * 8 + j)] +=
            static_cast<float>(rows[static_cast<std::size_t>(i * kDepth + k)] *
                               columns[static_cast<std::size_t>(j * kDepth + k)]);
      }
    }
  }
  const DeviceArray<Bf16> left(a);
  const DeviceArray<Bf16> right(b);
  const DeviceArray<float> product(16 * 8);
  on_stream([&](cudaStream_t stream) {
    launch({stream}, {1, 32}, multiply_tile, left.data(), right.data(), kDepth, product.data());
  });
  EXPECT_EQ(product.get(), expected);
}

__global__ void copy_through_shared_memory(const uint4* in, uint4* out) {
  uint4* shared = shared_memory<uint4>();
  copy_async(shared + threadIdx.x, in + threadIdx.x);
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
  out[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

__global__ void read_before_the_copy_arrives(const uint4* in, uint4* out) {
  uint4* shared = shared_memory<uint4>();
  copy_async(shared + threadIdx.x, in + threadIdx.x);
  commit_copies();
  out[threadIdx.x] = shared[threadIdx.x];
  wait_for_copies<0>();
}

TEST_P(OnHost, CopiesArriveWhenTheyAreWaitedForAndNotBefore) {
  std::vector<uint4> numbers(32);
  for (unsigned i = 0; i < 32; ++i) numbers[i] = {i, i, i, i};
  const DeviceArray<uint4> in(numbers);
  const DeviceArray<uint4> out(32);
  const LaunchShape shape = {1, 32, 32 * sizeof(uint4)};
  on_stream([&](cudaStream_t stream) {
    launch({stream}, shape, copy_through_shared_memory, in.data(), out.data());
  });
  EXPECT_EQ(out.get()[3].x, 28U);
  on_stream([&](cudaStream_t stream) {
    launch({stream}, shape, read_before_the_copy_arrives, in.data(), out.data());
  });
  EXPECT_EQ(out.get()[3].x, ~0U) << "shared memory holds nothing yet";
}

INSTANTIATE_TEST_SUITE_P(Orders, OnHost, testing::ValuesIn(kThreadOrders));

TEST(TileLayout, HoldsEachElementOnce) {
  constexpr int kRows = 32;
  constexpr int kDepth = 96;
  std::set<std::int64_t> weights;
  std::set<std::int64_t> activations;
  for (int row = 0; row < kRows; ++row) {
    for (int k = 0; k < kDepth; ++k) {
      weights.insert(weight_offset(row, k, kDepth));
      activations.insert(activation_offset(row, k, kDepth));
    }
  }
  for (const auto* offsets : {&weights, &activations}) {
    EXPECT_EQ(offsets->size(), kRows * kDepth);
    EXPECT_EQ(*offsets->begin(), 0);
    EXPECT_EQ(*offsets->rbegin(), kRows * kDepth - 1);
  }
  for (const int head_dim : {64, 128}) {
    std::set<int> page;
    for (int slot = 0; slot < kPageKeys; ++slot) {
      for (int d = 0; d < head_dim; ++d) {
        page.insert(key_offset(slot, d, head_dim));
        page.insert(value_offset(slot, d, head_dim));
      }
    }
    EXPECT_EQ(page.size(), page_size(head_dim));
    EXPECT_EQ(*page.rbegin(), page_size(head_dim) - 1);
  }
}

TEST(TileLayout, GateAndUpShareATile) {
  std::set<std::int64_t> rows;
  for (int j = 0; j < 24; ++j) {
    EXPECT_EQ(gate_row(j) / kTileRows, up_row(j) / kTileRows);
    EXPECT_EQ(up_row(j) - gate_row(j), kFragmentRows);
    rows.insert({gate_row(j), up_row(j)});
  }
  EXPECT_EQ(rows.size(), 48);
  EXPECT_EQ(*rows.rbegin(), 47);
}

}  // namespace
}  // namespace sluice::inference::cuda
