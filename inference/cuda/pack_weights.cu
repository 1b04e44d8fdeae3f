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

/// The eight elements of a thread, among the staged ones.
struct ChunkPlace {
  std::int64_t row;
  std::int64_t k;
};
__device__ __forceinline__ ChunkPlace place_of_chunk(int depth) {
  const std::int64_t chunk =
      static_cast<std::int64_t>(blockIdx.x) * kPackThreads + static_cast<int>(threadIdx.x);
  const std::int64_t tiles = depth / kTileK;
  return {chunk / 32 / tiles * kFragmentRows + chunk % 32 / 4,
          chunk / 32 % tiles * kTileK + chunk % 4 * 8};
}

/// Eight elements a thread: a warp reads 64 bytes or more of each of 8 rows, and writes a fragment.
template <class T>
__global__ void __launch_bounds__(kPackThreads) pack_weights(const StagedRows staged) {
  wait_for_previous_kernel();
  const ChunkPlace at = place_of_chunk(staged.depth);
  if (at.row >= staged.num_rows + staged.num_zero_rows) return;
  uint4 values = make_uint4(0, 0, 0, 0);
  if (at.row < staged.num_rows) {
    values = read_chunk(static_cast<const T*>(staged.rows) + at.row * staged.depth + at.k);
  }
  const std::int64_t to = matrix_row(staged.order, staged.first_row + at.row);
  *reinterpret_cast<uint4*>(staged.matrix + weight_offset(to, at.k, staged.depth)) = values;
}

/// The same for rows in fp8: the bytes of a fragment go to every other byte of their tile.
__global__ void __launch_bounds__(kPackThreads) pack_fp8(const StagedRows staged) {
  wait_for_previous_kernel();
  const ChunkPlace at = place_of_chunk(staged.depth);
  if (at.row >= staged.num_rows + staged.num_zero_rows) return;
  uint2 values = make_uint2(0, 0);
  if (at.row < staged.num_rows) {
    const auto* from = static_cast<const std::uint8_t*>(staged.rows) + at.row * staged.depth + at.k;
    values = *reinterpret_cast<const uint2*>(from);
  }
  const std::int64_t to = matrix_row(staged.order, staged.first_row + at.row);
  for (int i = 0; i < 8; ++i) {
    const unsigned word = i < 4 ? values.x : values.y;
    const auto value = static_cast<std::uint8_t>(word >> (i % 4 * 8));
    if ((value & 0x7f) == 0x7f) *staged.nans = 1;
    staged.fp8[fp8_offset(to, at.k + i, staged.depth)] = value;
  }
}

cudaError_t launch_pack(const Stream& stream, const StagedRows& staged,
                        void (*kernel)(StagedRows)) {
  const std::int64_t rows = staged.num_rows + staged.num_zero_rows;
  const std::int64_t padded = (rows + kFragmentRows - 1) / kFragmentRows * kFragmentRows;
  const std::int64_t blocks = (padded * (staged.depth / 8) + kPackThreads - 1) / kPackThreads;
  if (blocks == 0) return cudaSuccess;
  return launch(stream, {static_cast<unsigned>(blocks), kPackThreads}, kernel, staged);
}

}  // namespace

cudaError_t enqueue_pack_weights(const Stream& stream, const StagedRows& staged) {
  if (staged.depth <= 0 || staged.depth % kTileK != 0) return cudaErrorInvalidValue;
  if ((staged.fp8 != nullptr) != (staged.dtype == DType::fp8)) return cudaErrorInvalidValue;
  switch (staged.dtype) {
    case DType::bf16:
      return launch_pack(stream, staged, pack_weights<Bf16>);
    case DType::f16:
      return launch_pack(stream, staged, pack_weights<Half>);
    case DType::f32:
      return launch_pack(stream, staged, pack_weights<float>);
    case DType::fp8:
      return launch_pack(stream, staged, pack_fp8);
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace sluice::inference::cuda
