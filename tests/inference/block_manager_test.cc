// The KV blocks: what is shared, what is not, what goes first, and that nothing is lost. A model of
// what each block holds is kept beside the pool, and held against what the pool says.

#include "inference/block_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>

namespace sluice::inference {
namespace {

std::vector<TokenId> counting(std::int64_t num_tokens, TokenId first = 0) {
  std::vector<TokenId> tokens(static_cast<std::size_t>(num_tokens));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

/// Admits, computes all of `tokens`, and leaves the table with its blocks.
BlockTable computed(BlockPool& pool, const std::vector<TokenId>& tokens) {
  BlockTable table;
  EXPECT_TRUE(pool.admit(table, tokens, std::ssize(tokens)));
  pool.grow(table, std::ssize(tokens));
  pool.commit(table, tokens);
  return table;
}

TEST(BlockPool, FindsFullBlocksAgainAndNeverTheOneOfTheLastToken) {
  for (const auto& [num_tokens, hits] : std::map<std::int64_t, std::int64_t>{
           {1, 0}, {15, 0}, {16, 0}, {17, 1}, {32, 1}, {33, 2}, {40, 2}, {49, 2}}) {
    BlockPool pool(16);
    auto first = computed(pool, counting(40));  // Two full blocks and a half.
    BlockTable second;
    ASSERT_TRUE(pool.admit(second, counting(num_tokens), num_tokens));
    EXPECT_EQ(second.num_cached, hits) << num_tokens;
    EXPECT_TRUE(std::equal(second.blocks.begin(), second.blocks.end(), first.blocks.begin()));
    pool.release(first);
    pool.release(second);
    EXPECT_EQ(pool.num_used(), 0);
  }
}

TEST(BlockPool, TellsSameTokensBehindDifferentBeginningsApart) {
  BlockPool pool(16);
  auto tokens = counting(33);
  auto first = computed(pool, tokens);
  tokens[0] = 99;  // The second block has the same tokens, behind another first block.
  BlockTable table;
  ASSERT_TRUE(pool.admit(table, tokens, 33));
  EXPECT_EQ(table.num_cached, 0);
}

TEST(BlockPool, ChangesOverToABlockThatWasComputedTwice) {
  BlockPool pool(8);
  const auto tokens = counting(33);
  BlockTable first;
  BlockTable second;
  ASSERT_TRUE(pool.admit(first, tokens, 33));
  ASSERT_TRUE(pool.admit(second, tokens, 33));
  pool.grow(first, 33);
  pool.grow(second, 33);
  EXPECT_EQ(pool.num_used(), 6);
  pool.commit(first, tokens);
  pool.commit(second, tokens);
  EXPECT_EQ(pool.num_used(), 4);
  EXPECT_EQ(first.blocks[0], second.blocks[0]);
  EXPECT_EQ(first.blocks[1], second.blocks[1]);
  EXPECT_NE(first.blocks[2], second.blocks[2]);
}

TEST(BlockPool, TakesUpWhatCameIntoTheCacheAfterAdmission) {
  BlockPool pool(8);
  const auto tokens = counting(40);
  BlockTable late;
  ASSERT_TRUE(pool.admit(late, tokens, 60));
  EXPECT_EQ(pool.num_reserved(), 4);
  auto first = computed(pool, tokens);
  EXPECT_EQ(pool.adopt(late, tokens), 2);
  EXPECT_EQ(pool.num_reserved(), 2);
  EXPECT_EQ(pool.num_used(), 3);
  pool.grow(late, 33);
  EXPECT_EQ(pool.adopt(late, tokens), 0);  // It is in the middle of a block of its own.
}

TEST(BlockPool, EvictsWhatWasReleasedFirstAndTheEndOfAChainBeforeItsBeginning) {
  BlockPool pool(6);
  auto old = computed(pool, counting(48, 100));
  auto recent = computed(pool, counting(48, 200));
  pool.release(old);
  pool.release(recent);
  EXPECT_EQ(pool.num_cached(), 6);
  auto other = computed(pool, counting(16, 300));
  pool.release(other);
  BlockTable table;
  ASSERT_TRUE(pool.admit(table, counting(49, 100), 49));
  EXPECT_EQ(table.num_cached, 2);
  pool.release(table);
  ASSERT_TRUE(pool.admit(table, counting(49, 200), 49));
  EXPECT_EQ(table.num_cached, 3);
}

TEST(BlockPool, CountsSharedBlocksOnceWhenItAdmits) {
  BlockPool pool(6);
  const auto tokens = counting(65);
  auto first = computed(pool, tokens);  // 5 of 6, 4 of them full.
  BlockTable second;
  EXPECT_FALSE(pool.admit(second, counting(32, 500), 32));
  EXPECT_FALSE(pool.admit(second, tokens, 65 + 16));  // 4 shared, 2 more.
  EXPECT_TRUE(second.blocks.empty());
  EXPECT_TRUE(pool.admit(second, tokens, 65));
  EXPECT_FALSE(pool.admit(*std::make_unique<BlockTable>(), counting(1), 1));
  pool.release(first);
  pool.release(second);
  EXPECT_FALSE(pool.admit(second, counting(1), 6 * 16 + 1));
  EXPECT_TRUE(pool.admit(second, tokens, 6 * 16));
}

TEST(BlockPool, HasNoCacheWhereNoneIsWanted) {
  BlockPool pool(4, false);
  auto first = computed(pool, counting(33));
  pool.release(first);
  EXPECT_EQ(pool.num_unused(), 4);
  BlockTable second;
  ASSERT_TRUE(pool.admit(second, counting(33), 33));
  EXPECT_EQ(second.num_cached, 0);
}

TEST(BlockPool, ForgetsEverythingAtOnce) {
  BlockPool pool(8);
  auto first = computed(pool, counting(64));
  pool.release(first);
  pool.forget();
  EXPECT_EQ(pool.num_unused(), 8);
  BlockTable second;
  ASSERT_TRUE(pool.admit(second, counting(64), 64));
  EXPECT_EQ(second.num_cached, 0);
}

/// A generation of the property test, and the prefixes that its blocks should hold.
struct Walker {
  std::vector<TokenId> tokens;
  std::int64_t goal = 0;
  std::int64_t done = 0;  ///< Computed.
  BlockTable table;
};

/// Random generations over few distinct beginnings, against a model of each block's content.
class RandomUse {
 public:
  explicit RandomUse(unsigned seed)
      : random_(seed), pool_(static_cast<std::int64_t>(1 + below(24)), seed % 4 != 3) {}

  void run() {
    for (int step = 0; step < 2000; ++step) {
      const auto what = below(10);
      if (what < 3) {
        admit();
      } else if (what < 8 && !walkers_.empty()) {
        advance(walkers_[below(walkers_.size())]);
      } else if (!walkers_.empty()) {
        end(below(walkers_.size()));
      }
      check();
    }
    while (!walkers_.empty()) end(0);
    check();
    EXPECT_EQ(pool_.num_used(), 0);
    EXPECT_EQ(pool_.num_reserved(), 0);
    pool_.forget();
    EXPECT_EQ(pool_.num_unused(), pool_.num_blocks());
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  void admit() {
    Walker walker;
    const auto first = static_cast<TokenId>(below(3));
    for (std::size_t i = 1 + below(80); i > 0; --i) {
      walker.tokens.push_back(i % 20 == 0 ? static_cast<TokenId>(below(2)) : first);
    }
    walker.goal = std::ssize(walker.tokens) + static_cast<std::int64_t>(below(40));
    const auto room = pool_.num_unused() + pool_.num_cached() - pool_.num_reserved();
    const bool admitted = pool_.admit(walker.table, walker.tokens, walker.goal);
    EXPECT_TRUE(admitted || blocks_for(walker.goal) > room);
    if (!admitted) return;
    walker.done = walker.table.num_cached * kKvBlockTokens;
    walkers_.push_back(std::move(walker));
  }

  void advance(Walker& walker) {
    walker.done += pool_.adopt(walker.table, walker.tokens) * kKvBlockTokens;
    EXPECT_LT(walker.done, walker.goal);
    const auto left = std::ssize(walker.tokens) - walker.done;
    const auto count =
        left > 1 ? 1 + static_cast<std::int64_t>(below(static_cast<std::size_t>(left))) : 1;
    pool_.grow(walker.table, walker.done + count);
    for (std::int64_t i = walker.done; i < walker.done + count; ++i) {  // The "forward" step.
      const auto index = static_cast<std::size_t>(i / kKvBlockTokens);
      EXPECT_GE(i / kKvBlockTokens, walker.table.num_cached) << "writes into a shared block";
      content_[walker.table.blocks[index]] = prefix(walker, i + 1);
    }
    walker.done += count;
    pool_.commit(walker.table, prefix(walker, walker.done));
    if (walker.done == std::ssize(walker.tokens)) {
      walker.tokens.push_back(static_cast<TokenId>(below(2)));
      if (std::ssize(walker.tokens) > walker.goal) {
        end(static_cast<std::size_t>(&walker - walkers_.data()));
      }
    }
  }

  static std::vector<TokenId> prefix(const Walker& walker, std::int64_t count) {
    return {walker.tokens.begin(), walker.tokens.begin() + count};
  }

  void end(std::size_t index) {
    pool_.release(walkers_[index].table);
    walkers_.erase(walkers_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void check() {
    std::map<KvBlock, std::vector<TokenId>> owned;
    std::int64_t reserved = 0;
    for (const Walker& walker : walkers_) {
      reserved += walker.table.num_reserved;
      for (std::int64_t i = 0; i < blocks_for(walker.done); ++i) {
        const KvBlock block = walker.table.blocks[static_cast<std::size_t>(i)];
        const auto held = prefix(walker, std::min(walker.done, (i + 1) * kKvBlockTokens));
        EXPECT_EQ(content_[block], held);
        const bool is_new = owned.emplace(block, held).second;
        EXPECT_TRUE(is_new || i < walker.table.num_cached) << "shares a block that is not full";
      }
    }
    EXPECT_EQ(std::ssize(owned), pool_.num_used());
    EXPECT_EQ(reserved, pool_.num_reserved());
    EXPECT_LE(reserved, pool_.num_unused() + pool_.num_cached());
  }

  std::mt19937 random_;
  BlockPool pool_;
  std::vector<Walker> walkers_;
  std::map<KvBlock, std::vector<TokenId>> content_;  ///< The whole prefix up to a block's end.
};

TEST(BlockPool, LosesNothingAndMixesNothingUpUnderRandomUse) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    RandomUse(seed).run();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace sluice::inference
