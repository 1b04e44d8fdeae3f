// What is checked: the distance counts slips of the hand (a letter wrong, missing, too many, two
// swapped), and nearest() offers a name only where one is plausible. Method: tables.

#include "base/edit_distance.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sluice {
namespace {

struct Pair {
  const char* a;
  const char* b;
  std::size_t distance;
};

class EditDistance : public testing::TestWithParam<Pair> {};

TEST_P(EditDistance, CountsSlips) {
  EXPECT_EQ(edit_distance(GetParam().a, GetParam().b), GetParam().distance);
  EXPECT_EQ(edit_distance(GetParam().b, GetParam().a), GetParam().distance);
}

INSTANTIATE_TEST_SUITE_P(Table, EditDistance,
                         testing::Values(Pair{"", "", 0}, Pair{"", "abc", 3}, Pair{"abc", "abc", 0},
                                         Pair{"ABC", "abc", 0}, Pair{"abc", "abd", 1},
                                         Pair{"abc", "ab", 1}, Pair{"abc", "acb", 1},
                                         Pair{"ca", "abc", 3}, Pair{"kitten", "sitting", 3},
                                         Pair{"subscribers", "subscriber", 1},
                                         Pair{"brokre", "broker", 1}));

constexpr std::array<std::string_view, 6> kNames = {"broker",   "filter",     "filters",
                                                    "delivery", "subscriber", "ref"};

struct Guess {
  const char* name;
  const char* nearest;  // "" for none.
};

class Nearest : public testing::TestWithParam<Guess> {};

TEST_P(Nearest, OffersOnlyWhatIsPlausible) {
  EXPECT_EQ(nearest(GetParam().name, kNames).value_or(""), GetParam().nearest);
}

INSTANTIATE_TEST_SUITE_P(Table, Nearest,
                         testing::Values(Guess{"subscribers", "subscriber"},
                                         Guess{"Broker", "broker"}, Guess{"brokre", "broker"},
                                         Guess{"filtr", "filter"}, Guess{"filterss", "filters"},
                                         Guess{"re", "ref"}, Guess{"rfe", "ref"}, Guess{"x", ""},
                                         Guess{"", ""}, Guess{"metadata", ""},
                                         Guess{"livery", "delivery"}));

TEST(Nearest, GivesUpOnNamesThatAreNoSlips) {
  EXPECT_FALSE(nearest(std::string(100'000, 'b'), kNames));
}

}  // namespace
}  // namespace sluice
