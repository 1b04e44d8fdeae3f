#include "inference/cuda/pack_weights.h"

#include "inference/bf16.h"
#include "inference/cuda/ptx.cuh"
#include "inference/cuda/tile_layout.h"

namespace sluice::inference::cuda {
namespace {

constexpr int kPackThreads = 256;

/// Eight neighbours as bf16.
__device__ __forceinline__ uint4 read_chunk(const Bf16* from) {
  return *reinterpret_cast<const uint4*>(from);
}

__device__ __forceinline__ uint4 read_chunk(const float* from) {
  const float4 a = reinterpret_cast<const float4*>(from)[0];
  const float4 b = reinterpret_cast<const float4*>(from)[1];
  return make_uint4(pack_bf16(a.x, a.y), pack_bf16(a.z, a.w), pack_bf16(b.x, b.y),
                    pack_bf16(b.z, b.w));
}

/// IEEE half precision, as it lies in memory.
struct Half {
  std::uint16_t bits;
};

__device__ __forceinline__ unsigned pack_halves(unsigned halves) {
  return pack_bf16(from_f16(static_cast<std::uint16_t>(halves)),
                   from_f16(static_cast<std::uint16_t>(halves >> 16)));
}

__device__ __forceinline__ uint4 read_chunk(const Half* from) {
  const uint4 halves = *reinterpret_cast<const uint4*>(from);
  return make_uint4(pack_halves(halves.x), pack_halves(halves.y), pack_halves(halves.z),
                    pack_halves(halves.w));
}

__device__ __forceinline__ std::int64_t matrix_row(RowOrder order, std::int64_t row) {
  switch (order) {
    case RowOrder::gate:
      return gate_row(row);
    case RowOrder::up:
      return up_row(row);
    default:
      return row;
  }
}

/// Eight elements a thread: a warp reads 64 bytes or more of each of 8 rows, and writes a fragment.
template <class T>
__global__ void __launch_bounds__(kPackThreads) pack_weights(const StagedRows staged) {
  wait_for_previous_kernel();
  const std::int64_t chunk =
      static_cast<std::int64_t>(blockIdx.x) * kPackThreads + static_cast<int>(threadIdx.x);
  const std::int64_t tiles = staged.depth / kTileK;
  const std::int64_t row = chunk / 32 / tiles * kFragmentRows + chunk % 32 / 4;
  const std::int64_t k = chunk / 32 % tiles * kTileK + chunk % 4 * 8;
  if (row >= staged.num_rows + staged.num_zero_rows) return;
  uint4 values = make_uint4(0, 0, 0, 0);
  if (row < staged.num_rows) {
    values = read_chunk(static_cast<const T*>(staged.rows) + row * staged.depth + k);
  }
  const std::int64_t to = matrix_row(staged.order, staged.first_row + row);
  *reinterpret_cast<uint4*>(staged.matrix + weight_offset(to, k, staged.depth)) = values;
}

template <class T>
cudaError_t launch_pack(const Stream& stream, const StagedRows& staged) {
  const std::int64_t rows = staged.num_rows + staged.num_zero_rows;
  const std::int64_t padded = (rows + kFragmentRows - 1) / kFragmentRows * kFragmentRows;
  const std::int64_t blocks = (padded * (staged.depth / 8) + kPackThreads - 1) / kPackThreads;
  if (blocks == 0) return cudaSuccess;
  return launch(stream, {static_cast<unsigned>(blocks), kPackThreads}, pack_weights<T>, staged);
}

}  // namespace

cudaError_t enqueue_pack_weights(const Stream& stream, const StagedRows& staged) {
  if (staged.depth <= 0 || staged.depth % kTileK != 0) return cudaErrorInvalidValue;
  switch (staged.dtype) {
    case DType::bf16:
      return launch_pack<Bf16>(stream, staged);
    case DType::f16:
      return launch_pack<Half>(stream, staged);
    case DType::f32:
      return launch_pack<float>(stream, staged);
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace sluice::inference::cuda
