// The pool's threads know their core, names stay pinned, and stop() joins. What runs on a core
// tells the test through a promise: nothing waits for time to pass.

#include "base/core_pool.h"

#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>

namespace sluice {
namespace {

Core* current_on(Core& core) {
  std::promise<Core*> answer;
  boost::asio::post(core.executor(), [&answer] { answer.set_value(Core::current()); });
  return answer.get_future().get();
}

TEST(CorePool, RunsEachCoreOnAThreadThatKnowsIt) {
  CorePool pool(3);
  ASSERT_EQ(pool.size(), 3U);
  EXPECT_EQ(Core::current(), nullptr);
  for (std::size_t i = 0; i < pool.size(); ++i) {
    EXPECT_EQ(pool.core(i).index(), i);
    EXPECT_EQ(current_on(pool.core(i)), &pool.core(i));
  }
}

TEST(CorePool, WrapsIndexesAround) {
  CorePool pool(2);
  EXPECT_EQ(&pool.core(5), &pool.core(1));
}

TEST(CorePool, PinsANameToOneCoreAndSpreadsNames) {
  CorePool pool(4);
  std::set<Core*> used;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "default/trigger-" + std::to_string(i);
    EXPECT_EQ(&pool.core_for(name), &pool.core_for(name));
    used.insert(&pool.core_for(name));
  }
  EXPECT_EQ(used.size(), pool.size());
}

TEST(CorePool, RunsWhatIsReadyBeforeStopReturns) {
  CorePool pool(2);
  int ran = 0;
  boost::asio::post(pool.core(0).executor(), [&ran] { ++ran; });
  pool.stop();
  EXPECT_EQ(ran, 1);
  pool.stop();  // Idempotent.
}

TEST(CorePoolDeathTest, RefusesToBeEmpty) { EXPECT_DEATH(CorePool(0), "assertion failed"); }

TEST(Core, HasScratchWithPaddingThatIsNotHandedOut) {
  Core core(0);
  EXPECT_EQ(core.scratch().size(), Core::kScratchBytes);
  core.scratch().back() = 'x';
  EXPECT_EQ(core.scratch().data() + core.scratch().size() - 1, &core.scratch().back());
}

TEST(Core, DrawsDifferentNumbers) {
  Core first(0);
  Core second(1);
  std::set<std::uint64_t> drawn;
  for (int i = 0; i < 1000; ++i) {
    drawn.insert(first.random());
    drawn.insert(second.random());
  }
  EXPECT_EQ(drawn.size(), 2000U);
}

TEST(CurrentCore, IsUndoneAtTheEndOfItsScope) {
  Core outer(0);
  Core inner(1);
  const CurrentCore here(outer);
  {
    const CurrentCore there(inner);
    EXPECT_EQ(Core::current(), &inner);
  }
  EXPECT_EQ(Core::current(), &outer);
}

}  // namespace
}  // namespace sluice
