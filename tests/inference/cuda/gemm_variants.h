#pragma once

#include "inference/cuda/gemm.h"
#include "inference/cuda/gemm_skinny.cuh"
#include "inference/cuda/gemm_wide.cuh"
#include "tests/inference/cuda/device_array.h"
#include "tests/inference/cuda/gemm_problem.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace sluice::inference::cuda {

/// One kernel for a product.
template <class Epilogue>
struct GemmVariant {
  const char* name;
  int max_tokens;
  cudaError_t (*launch)(const Stream&, const GemmOperands&, const Epilogue&);

  void run(const GemmOperands& operands, const Epilogue& to) const {
    on_stream([&](cudaStream_t stream) {
      EXPECT_EQ(launch({stream}, operands, to), cudaSuccess) << name;
    });
  }
};

/// The bits of what a variant makes of the operands: -0 is not 0 here, and no NaN equals itself.
inline std::vector<unsigned> bits_of(const GemmVariant<StoreFloats>& variant,
                                     const GemmOperands& operands) {
  const GuardedArray<float> out(static_cast<std::size_t>(operands.num_tokens) *
                                static_cast<std::size_t>(operands.num_rows));
  variant.run(operands, {out.data()});
  std::vector<unsigned> bits;
  for (const float value : out.get()) bits.push_back(std::bit_cast<unsigned>(value));
  return bits;
}

template <class W, int kRowTiles, int kFragments, class Epilogue>
cudaError_t launch_skinny_variant(const Stream& stream, const GemmOperands& in,
                                  const Epilogue& to) {
  const int blocks = (row_tiles_of(in.num_rows) + kRowTiles - 1) / kRowTiles;
  return launch(
      stream,
      {static_cast<unsigned>(blocks), kGemmThreads, skinny_shared_bytes(kRowTiles, kFragments)},
      gemm_skinny<W, kRowTiles, kFragments, Epilogue>, in, to);
}

template <class Shape, class Epilogue>
cudaError_t launch_wide_variant(const Stream& stream, const GemmOperands& in, const Epilogue& to) {
  // This file's own kernel: another one than what prepare_gemm() has prepared.
  const auto error = allow_shared_memory(gemm_wide<Shape, Epilogue>, Shape::kSharedBytes);
  if (error != cudaSuccess) return error;
  const int blocks = row_blocks<Shape>(in) * token_blocks<Shape>(in);
  return launch(stream, {static_cast<unsigned>(blocks), kGemmThreads, Shape::kSharedBytes},
                gemm_wide<Shape, Epilogue>, in, to);
}

/// Those that are compiled for the device, and the choice among them.
template <class Epilogue, class W = Bf16Weights>
std::vector<GemmVariant<Epilogue>> gemm_variants() {
  constexpr int kAny = 1 << 20;
  return {
      {"large", kAny, launch_wide_variant<LargeWide<W>, Epilogue>},
      {"small", kAny, launch_wide_variant<SmallWide<W>, Epilogue>},
      {"1, 1", 8, launch_skinny_variant<W, 1, 1, Epilogue>},
      {"2, 1", 8, launch_skinny_variant<W, 2, 1, Epilogue>},
      {"4, 1", 8, launch_skinny_variant<W, 4, 1, Epilogue>},
      {"1, 2", 16, launch_skinny_variant<W, 1, 2, Epilogue>},
      {"2, 2", 16, launch_skinny_variant<W, 2, 2, Epilogue>},
      {"4, 2", 16, launch_skinny_variant<W, 4, 2, Epilogue>},
      {"1, 4", 32, launch_skinny_variant<W, 1, 4, Epilogue>},
      {"2, 4", 32, launch_skinny_variant<W, 2, 4, Epilogue>},
      {"4, 4", 32, launch_skinny_variant<W, 4, 4, Epilogue>},
      {"1, 8", 64, launch_skinny_variant<W, 1, 8, Epilogue>},
      {"2, 8", 64, launch_skinny_variant<W, 2, 8, Epilogue>},
      {"4, 8", 64, launch_skinny_variant<W, 4, 8, Epilogue>},
      {"chosen", kAny, enqueue_gemm},
  };
}

}  // namespace sluice::inference::cuda
