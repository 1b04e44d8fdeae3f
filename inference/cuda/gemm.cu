#include "inference/cuda/gemm.h"

#include "inference/cuda/gemm_plan.h"
#include "inference/cuda/gemm_skinny.cuh"
#include "inference/cuda/gemm_wide.cuh"

namespace sluice::inference::cuda {
namespace {

template <class W, int kRowTiles, int kFragments, class Epilogue>
cudaError_t launch_skinny(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  const int blocks = (row_tiles_of(in.num_rows) + kRowTiles - 1) / kRowTiles;
  return launch(
      stream,
      {static_cast<unsigned>(blocks), kGemmThreads, skinny_shared_bytes(kRowTiles, kFragments)},
      gemm_skinny<W, kRowTiles, kFragments, Epilogue>, in, to);
}

template <class W, int kFragments, class Epilogue>
cudaError_t launch_skinny(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  switch (skinny_row_tiles<W>(row_tiles_of(in.num_rows), kFragments, stream.multiprocessors)) {
    case 1:
      return launch_skinny<W, 1, kFragments>(stream, in, to);
    case 2:
      return launch_skinny<W, 2, kFragments>(stream, in, to);
    default:
      return launch_skinny<W, 4, kFragments>(stream, in, to);
  }
}

template <class Shape, class Epilogue>
cudaError_t launch_wide(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  const int blocks = row_blocks<Shape>(in) * token_blocks<Shape>(in);
  return launch(stream, {static_cast<unsigned>(blocks), kGemmThreads, Shape::kSharedBytes},
                gemm_wide<Shape, Epilogue>, in, to);
}

template <class W, class Epilogue>
cudaError_t launch_gemm(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  if (in.depth <= 0 || in.depth % kTileK != 0 || in.num_rows <= 0) return cudaErrorInvalidValue;
  if (in.num_tokens <= 0) return cudaSuccess;
  if (in.num_tokens > kSkinnyTokens) {
    return wide_is_large(in, stream.multiprocessors) ? launch_wide<LargeWide<W>>(stream, in, to)
                                                     : launch_wide<SmallWide<W>>(stream, in, to);
  }
  switch (skinny_fragments(in.num_tokens)) {
    case 1:
      return launch_skinny<W, 1>(stream, in, to);
    case 2:
      return launch_skinny<W, 2>(stream, in, to);
    case 4:
      return launch_skinny<W, 4>(stream, in, to);
    default:
      return launch_skinny<W, 8>(stream, in, to);
  }
}

template <class Epilogue>
cudaError_t launch_gemm(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  return in.fp8 != nullptr ? launch_gemm<Fp8Weights>(stream, in, to)
                           : launch_gemm<Bf16Weights>(stream, in, to);
}

template <class Shape, class Epilogue>
cudaError_t prepare_one() {
  return allow_shared_memory(gemm_wide<Shape, Epilogue>, Shape::kSharedBytes);
}

template <class W, class Epilogue>
cudaError_t prepare() {
  const cudaError_t error = prepare_one<LargeWide<W>, Epilogue>();
  return error != cudaSuccess ? error : prepare_one<SmallWide<W>, Epilogue>();
}

}  // namespace

cudaError_t prepare_gemm() {
  for (const auto prepare_some :
       {prepare<Bf16Weights, StoreFloats>, prepare<Bf16Weights, AddToHidden>,
        prepare<Bf16Weights, SwiGlu>, prepare<Bf16Weights, StoreLogits>,
        prepare<Fp8Weights, StoreFloats>, prepare<Fp8Weights, AddToHidden>,
        prepare<Fp8Weights, SwiGlu>}) {
    const cudaError_t error = prepare_some();
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
  if (to.stride < operands.num_rows || to.num_used > operands.num_rows || operands.fp8 != nullptr) {
    return cudaErrorInvalidValue;
  }
  return launch_gemm<Bf16Weights>(stream, operands, to);
}

}  // namespace sluice::inference::cuda
