// How products are cut: into segments of the depth, and into blocks.

#include "inference/cuda/gemm_plan.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace sluice::inference::cuda {
namespace {

using Large = LargeWide<Bf16Weights>;
using Small = SmallWide<Bf16Weights>;

TEST(GemmPlan, SegmentsBeginAtTheirShareRoundedDown) {
  const int expected[] = {0, 1, 2, 3, 5, 6, 7, 8, 10};
  for (int segment = 0; segment <= kSegments; ++segment) {
    EXPECT_EQ(segment_begin(segment, 10), expected[segment]);
  }
}

TEST(GemmPlan, SegmentsHoldEachTileOnceAndAreOfOneSize) {
  for (const int tiles : {1, 3, 7, 8, 9, 32, 80, 304, 544}) {
    EXPECT_EQ(segment_begin(0, tiles), 0);
    EXPECT_EQ(segment_begin(kSegments, tiles), tiles);
    for (int segment = 0; segment < kSegments; ++segment) {
      const int size = segment_begin(segment + 1, tiles) - segment_begin(segment, tiles);
      EXPECT_GE(size, tiles / kSegments);
      EXPECT_LE(size, (tiles + kSegments - 1) / kSegments);
    }
  }
}

TEST(GemmPlan, FragmentsHoldTheTokens) {
  const std::pair<int, int> expected[] = {{1, 1},  {8, 1},  {9, 2},  {16, 2},
                                          {17, 4}, {32, 4}, {33, 8}, {64, 8}};
  for (const auto& [tokens, fragments] : expected) EXPECT_EQ(skinny_fragments(tokens), fragments);
}

TEST(GemmPlan, RowTilesFillTheDevice) {
  constexpr int kH200 = 132;
  EXPECT_EQ(skinny_row_tiles<Bf16Weights>(64, 1, kH200), 1);  // 64 blocks: none to be spared.
  EXPECT_EQ(skinny_row_tiles<Bf16Weights>(256, 1, kH200),
            2);  // 128 blocks, rather than 256 in two rounds.
  EXPECT_EQ(skinny_row_tiles<Bf16Weights>(384, 1, kH200), 1);   // Three rounds of 1, or one of 4.
  EXPECT_EQ(skinny_row_tiles<Bf16Weights>(9496, 1, kH200), 4);  // The vocabulary.
  EXPECT_EQ(skinny_row_tiles<Bf16Weights>(64, 8, kH200), 1);
  EXPECT_EQ(skinny_row_tiles<Bf16Weights>(384, 8, kH200), 4);  // X weighs more.
  EXPECT_EQ(skinny_row_tiles<Fp8Weights>(384, 1, kH200), 4);   // As it does beside half of W.
}

TEST(GemmPlan, LargeRectanglesWhereThereAreEnough) {
  GemmOperands in;
  in.num_rows = 4096;
  in.num_tokens = 512;
  EXPECT_TRUE(wide_is_large(in, 132));  // 128 blocks.
  in.num_rows = 1024;
  EXPECT_FALSE(wide_is_large(in, 132));  // 32 blocks, or 128 small ones.
  in.num_rows = 151936;
  in.num_tokens = 70;
  EXPECT_TRUE(wide_is_large(in, 132));
}

template <class Shape>
void expect_each_place_once(int rows, int tokens) {
  std::set<std::pair<int, int>> places;
  for (int block = 0; block < rows * tokens; ++block) {
    const WidePlace place = place_of_block<Shape>(block, rows, tokens);
    EXPECT_GE(place.row_block, 0);
    EXPECT_LT(place.row_block, rows);
    EXPECT_LT(place.token_block, tokens);
    places.insert({place.row_block, place.token_block});
  }
  EXPECT_EQ(places.size(), static_cast<std::size_t>(rows * tokens));
}

TEST(GemmPlan, BlocksCoverTheResult) {
  for (const auto& [rows, tokens] :
       {std::pair{1, 1}, {3, 2}, {5, 16}, {4, 17}, {7, 33}, {2, 64}, {3, 65}}) {
    expect_each_place_once<Large>(rows, tokens);
    expect_each_place_once<Small>(rows, tokens);
  }
}

TEST(GemmPlan, NeighboursShareRowsOfW) {
  for (int block = 0; block < 16; ++block) {
    EXPECT_EQ(place_of_block<Large>(block, 4, 20).row_block, 0);
    EXPECT_EQ(place_of_block<Large>(16 + block, 4, 20).row_block, 1);
  }
  EXPECT_EQ(place_of_block<Large>(64, 4, 20).token_block, 16);  // The second pass, of 4.
  EXPECT_EQ(place_of_block<Large>(68, 4, 20).row_block, 1);
}

TEST(GemmPlan, SharedMemoryFitsTheSmallestDevice) {
  constexpr std::size_t kOptional = std::size_t{99} << 10;  // Compute capability 8.6 and 8.9.
  EXPECT_LE(Large::kSharedBytes, kOptional);
  EXPECT_LE(Small::kSharedBytes, kOptional);
  EXPECT_LE(skinny_shared_bytes(4, 8), std::size_t{48} << 10) << "nobody asks for more";
}

}  // namespace
}  // namespace sluice::inference::cuda
