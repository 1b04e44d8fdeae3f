// What is checked: the form of a version 4 UUID, that all other bits are kept, and that ids of
// several threads differ.

#include "base/uuid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sluice {
namespace {

using testing::MatchesRegex;

TEST(Uuid, SetsVersionAndVariantAndKeepsTheRest) {
  EXPECT_EQ(format_uuid(0, 0), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(format_uuid(~std::uint64_t{0}, ~std::uint64_t{0}),
            "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_EQ(format_uuid(0x0123456789abcdef, 0x0123456789abcdef),
            "01234567-89ab-4def-8123-456789abcdef");
}

TEST(Uuid, HasTheFormOfVersion4) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(new_uuid(), MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                         "[0-9a-f]{12}"));
  }
}

TEST(Uuid, DiffersBetweenCallsAndThreads) {
  constexpr std::size_t kEach = 1000;
  std::vector<std::vector<std::string>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& ids : drawn) {
    threads.emplace_back([&ids] {
      for (std::size_t i = 0; i < kEach; ++i) ids.push_back(new_uuid());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& ids : drawn) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), drawn.size() * kEach);
}

}  // namespace
}  // namespace sluice
