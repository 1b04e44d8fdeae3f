#include "inference/cuda/read_bandwidth.h"

#include "inference/cuda/device_memory.h"
#include "inference/cuda/device_session.h"
#include "inference/cuda/launch.cuh"
#include "inference/cuda/ptx.cuh"

#include <algorithm>
#include <chrono>

namespace sluice::inference {
namespace cuda {
namespace {

constexpr std::int64_t kBytes = std::int64_t{4} << 30;
constexpr int kThreads = 512;
constexpr int kBlocks = 1024;
constexpr int kLoads = 8;  // On their way for each thread.
constexpr int kPasses = 4;
constexpr int kRounds = 5;

/// Reads `count` groups of 16 bytes, a multiple of all threads' loads. `out` gets something where
/// all bits are alike: a compiler must not see that nobody wants to know.
__global__ void __launch_bounds__(kThreads)
    read_all(const uint4* data, std::int64_t count, unsigned* out) {
  const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t first = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  unsigned bits = 0;
  for (std::int64_t i = first; i + (kLoads - 1) * threads < count; i += kLoads * threads) {
    uint4 values[kLoads];
    for (int j = 0; j < kLoads; ++j) values[j] = load_once(data + i + j * threads);
    for (int j = 0; j < kLoads; ++j) bits ^= values[j].x ^ values[j].y ^ values[j].z ^ values[j].w;
  }
  if (bits == 0x12345678U) *out = bits;
}

}  // namespace
}  // namespace cuda

Result<double> read_bandwidth(int device) {
  using Clock = std::chrono::steady_clock;
  INFERENCE_TRY(const auto session, cuda::DeviceSession::open(device));
  INFERENCE_TRY(const auto memory, cuda::DeviceMemory::make(cuda::kBytes, "what is read"));
  INFERENCE_TRY(const auto out, cuda::DeviceMemory::make(sizeof(unsigned), "what is read"));
  INFERENCE_TRY(const auto stream, cuda::make_stream());
  INFERENCE_CHECK(session.check(cudaMemsetAsync(memory.as<void>(), 0, memory.size(), stream.get()),
                                "what is read"));
  double best = 0;
  for (int round = 0; round < cuda::kRounds; ++round) {
    INFERENCE_CHECK(session.check(cudaStreamSynchronize(stream.get()), "reading"));
    const auto start = Clock::now();
    for (int pass = 0; pass < cuda::kPasses; ++pass) {
      INFERENCE_CHECK(session.check(
          cuda::launch({stream.get()}, {cuda::kBlocks, cuda::kThreads}, cuda::read_all,
                       memory.as<const uint4>(), cuda::kBytes / 16, out.as<unsigned>()),
          "reading"));
    }
    INFERENCE_CHECK(session.check(cudaStreamSynchronize(stream.get()), "reading"));
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, static_cast<double>(cuda::kBytes) * cuda::kPasses / seconds);
  }
  return best;
}

}  // namespace sluice::inference
