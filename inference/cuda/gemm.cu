#include "inference/cuda/gemm.h"

#include "inference/cuda/gemm_plan.h"
#include "inference/cuda/gemm_skinny.cuh"
#include "inference/cuda/gemm_wide.cuh"

namespace sluice::inference::cuda {
namespace {

template <int kRowTiles, int kFragments, class Epilogue>
cudaError_t launch_skinny(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  const int blocks = (row_tiles_of(in.num_rows) + kRowTiles - 1) / kRowTiles;
  return launch(
      stream,
      {static_cast<unsigned>(blocks), kGemmThreads, skinny_shared_bytes(kRowTiles, kFragments)},
      gemm_skinny<kRowTiles, kFragments, Epilogue>, in, to);
}

template <int kFragments, class Epilogue>
cudaError_t launch_skinny(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  switch (skinny_row_tiles(row_tiles_of(in.num_rows), kFragments, stream.multiprocessors)) {
    case 1:
      return launch_skinny<1, kFragments>(stream, in, to);
    case 2:
      return launch_skinny<2, kFragments>(stream, in, to);
    default:
      return launch_skinny<4, kFragments>(stream, in, to);
  }
}

template <class Shape, class Epilogue>
cudaError_t launch_wide(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  const int blocks = row_blocks<Shape>(in) * token_blocks<Shape>(in);
  return launch(stream, {static_cast<unsigned>(blocks), kGemmThreads, Shape::kSharedBytes},
                gemm_wide<Shape, Epilogue>, in, to);
}

template <class Epilogue>
cudaError_t launch_gemm(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  if (in.depth <= 0 || in.depth % kTileK != 0 || in.num_rows <= 0) return cudaErrorInvalidValue;
  if (in.num_tokens <= 0) return cudaSuccess;
  if (in.num_tokens > kSkinnyTokens) {
    return wide_is_large(in, stream.multiprocessors) ? launch_wide<LargeWide>(stream, in, to)
                                                     : launch_wide<SmallWide>(stream, in, to);
  }
  switch (skinny_fragments(in.num_tokens)) {
    case 1:
      return launch_skinny<1>(stream, in, to);
    case 2:
      return launch_skinny<2>(stream, in, to);
    case 4:
      return launch_skinny<4>(stream, in, to);
    default:
      return launch_skinny<8>(stream, in, to);
  }
}

template <class Epilogue>
cudaError_t prepare() {
  const cudaError_t error =
      allow_shared_memory(gemm_wide<LargeWide, Epilogue>, LargeWide::kSharedBytes);
  if (error != cudaSuccess) return error;
  return allow_shared_memory(gemm_wide<SmallWide, Epilogue>, SmallWide::kSharedBytes);
}

}  // namespace

cudaError_t prepare_gemm() {
  for (const auto prepare_one :
       {prepare<StoreFloats>, prepare<AddToHidden>, prepare<SwiGlu>, prepare<StoreLogits>}) {
    const cudaError_t error = prepare_one();
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands,
                         const StoreFloats& to) {
  return launch_gemm(stream, operands, to);
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands,
                         const AddToHidden& to) {
  if (operands.num_rows % kTileK != 0) return cudaErrorInvalidValue;
  return launch_gemm(stream, operands, to);
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands, const SwiGlu& to) {
  if (operands.num_rows % (2 * kTileK) != 0) return cudaErrorInvalidValue;
  return launch_gemm(stream, operands, to);
}

cudaError_t enqueue_gemm(const Stream& stream, const GemmOperands& operands,
                         const StoreLogits& to) {
  if (to.stride < operands.num_rows || to.num_used > operands.num_rows) {
    return cudaErrorInvalidValue;
  }
  return launch_gemm(stream, operands, to);
}

}  // namespace sluice::inference::cuda
