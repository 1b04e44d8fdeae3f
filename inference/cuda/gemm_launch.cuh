#pragma once

#include "inference/cuda/gemm_kernels.h"
#include "inference/cuda/gemm_plan.h"
#include "inference/cuda/gemm_skinny.cuh"
#include "inference/cuda/gemm_wide.cuh"

// How a product is started: which kernel, with which grid. Included by the files that compile the
// kernels.

namespace sluice::inference::cuda {

template <class W, int kRowTiles, int kFragments, class Epilogue>
cudaError_t launch_skinny(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  const int blocks = (row_tiles_of(in.num_rows) + kRowTiles - 1) / kRowTiles;
  return launch(
      stream,
      {static_cast<unsigned>(blocks), kGemmThreads, skinny_shared_bytes(kRowTiles, kFragments)},
      gemm_skinny<W, kRowTiles, kFragments, Epilogue>, in, to);
}

/// With as many row tiles a block as suit the device. At most 8 * kFragments tokens.
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

/// prepare_gemm_of() comes first.
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

template <class Shape, class Epilogue>
cudaError_t prepare_wide() {
  return allow_shared_memory(gemm_wide<Shape, Epilogue>, Shape::kSharedBytes);
}

template <class W, class Epilogue>
cudaError_t prepare_gemm_of() {
  const cudaError_t error = prepare_wide<LargeWide<W>, Epilogue>();
  return error != cudaSuccess ? error : prepare_wide<SmallWide<W>, Epilogue>();
}

}  // namespace sluice::inference::cuda
