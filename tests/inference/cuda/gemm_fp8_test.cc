// Products of weights in fp8: to the bit those of the same weights in bf16, by every kernel.

#include "tests/inference/cuda/device_test.h"
#include "tests/inference/cuda/fp8_matrix.h"
#include "tests/inference/cuda/gemm_variants.h"

#include <gtest/gtest.h>

namespace sluice::inference::cuda {
namespace {

class GemmFp8 : public testing::TestWithParam<cuda_on_host::ThreadOrder> {
 protected:
  void SetUp() override { cuda_on_host::set_thread_order(GetParam()); }
};

/// Compares all kernels for `tokens` with the product in bf16.
void expect_product(int tokens, int rows, int depth) {
  const Fp8Matrix weights = random_fp8(rows, depth, static_cast<unsigned>(depth + rows));
  const GemmProblem problem(random_matrix(tokens, depth, 1), widened(weights), true);
  const auto expected = bits_of(gemm_variants<StoreFloats>()[0], problem.all());
  const DeviceArray<std::uint8_t> bytes(packed_bytes(weights));
  const DeviceArray<Bf16> scales(packed_scales(weights));
  GemmOperands operands = problem.all();
  operands.weights = nullptr;
  operands.fp8 = bytes.data();
  operands.scales = scales.data();
  for (const auto& variant : gemm_variants<StoreFloats, Fp8Weights>()) {
    if (tokens > variant.max_tokens) continue;
    EXPECT_EQ(bits_of(variant, operands), expected)
        << variant.name << ": " << tokens << " tokens, " << rows << " rows, depth " << depth;
  }
}

TEST_P(GemmFp8, IsTheProductOfTheSameWeightsInBf16) {
  // Depths that end a scale's 128 k and that do not; rows of several scales, that fill no tile.
  expect_product(1, 40, 32);
  expect_product(8, 144, 128);
  expect_product(13, 136, 288);
  expect_product(33, 300, 160);
  expect_product(64, 48, 640);
  expect_product(70, 200, 416);
}

TEST_P(GemmFp8, HasMoreScalesThanAWarpHasLanes) {
  expect_product(70, 16, 4224);   // A warp goes through all of them.
  expect_product(3, 16, 33'024);  // It goes through an eighth.
}

/// Of all bytes, each twice in a word, what the kernels make of them with a scale.
__global__ void widen_all(unsigned scales, unsigned* out) {
  const unsigned byte = threadIdx.x;
  out[byte] = scaled_fp8(byte << 8 | byte << 24 | 0x00ff00ffU, scales);
}

TEST(ScaledFp8, IsTheNearestBf16OfEachNumberTimesItsScale) {
  for (const float scale : {1.F, 0.5F, 0.00217F, 3e-5F, 200.F, 1.33F}) {
    const Bf16 rounded = to_bf16(scale);
    const unsigned stored = stored_scale(rounded).value().bits;
    const GuardedArray<unsigned> out(256);
    on_stream([&](cudaStream_t stream) {
      launch({stream}, {1, 256}, widen_all, stored << 16 | stored, out.data());
    });
    const std::vector<unsigned> pairs = out.get();
    for (unsigned byte = 0; byte < 256; ++byte) {
      if ((byte & 0x7f) == 0x7f) continue;
      const float value = from_e4m3(static_cast<std::uint8_t>(byte)) * to_float(rounded);
      EXPECT_EQ(pairs[byte] & 0xffffU, to_bf16(value).bits) << byte << " * " << scale;
      EXPECT_EQ(pairs[byte] >> 16, to_bf16(value).bits) << byte << " * " << scale;
    }
  }
}

TEST(StoredScale, RefusesWhatIsNoScale) {
  EXPECT_EQ(stored_scale({0}).value().bits, 0);
  EXPECT_TRUE(stored_scale(to_bf16(255.F)));
  for (const float scale : {256.F, -1.F, INFINITY, NAN, 1e-39F}) {
    EXPECT_FALSE(stored_scale(to_bf16(scale))) << scale;
  }
}

TEST(GemmFp8Sizes, NoLogits) {
  on_stream([&](cudaStream_t stream) {
    const std::uint8_t byte = 0;
    GemmOperands operands;
    operands.fp8 = &byte;
    operands.num_rows = operands.depth = 32;
    StoreLogits logits{};
    logits.stride = 32;
    EXPECT_EQ(enqueue_gemm({stream}, operands, logits), cudaErrorInvalidValue);
  });
}

INSTANTIATE_TEST_SUITE_P(Orders, GemmFp8, testing::ValuesIn(kThreadOrders));

}  // namespace
}  // namespace sluice::inference::cuda
