// Ranges of numbers: all small ones are tried against all texts that are near them.

#include "inference/number_grammar.h"

#include "inference/grammar_run.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::inference {
namespace {

/// Null where no number is in the range.
std::shared_ptr<const CompiledGrammar> grammar_of(const NumberRange& range) {
  GrammarBuilder builder;
  const StateId start = add_number(builder, range);
  auto grammar = std::move(builder).finish(start);
  return grammar ? std::move(grammar).value() : nullptr;
}

TEST(NumberGrammar, HasExactlyTheIntegersOfTheRange) {
  for (const auto& [first, last] : {std::pair(-12, 12), {95, 112}, {-112, -95}, {-1005, -994}}) {
    for (int low = first; low <= last; ++low) {
      for (int high = low; high <= last; ++high) {
        const auto grammar = grammar_of({.low = low, .high = high});
        for (int number = first - 3; number <= last + 3; ++number) {
          EXPECT_EQ(accepts(*grammar, std::to_string(number)), number >= low && number <= high)
              << number << " in " << low << ".." << high;
        }
        EXPECT_FALSE(accepts(*grammar, "-0"));
        EXPECT_FALSE(accepts(*grammar, "00"));
      }
    }
  }
}

TEST(NumberGrammar, HasExactlyTheFractionsOfTheRange) {
  for (int low = -11; low <= 11; ++low) {
    for (int high = low; high <= 11; ++high) {
      for (const bool without : {false, true}) {
        const auto grammar = grammar_of({.low = low,
                                         .high = high,
                                         .without_low = without,
                                         .without_high = without,
                                         .has_fraction = true});
        ASSERT_EQ(grammar == nullptr, without && low == high);
        for (int tenths = -130; grammar && tenths <= 130; ++tenths) {
          if (tenths % 10 == 0) continue;  // Bounds are written without a fraction.
          std::string text =
              std::to_string(std::abs(tenths) / 10) + '.' + std::to_string(std::abs(tenths) % 10);
          if (tenths < 0) text.insert(0, "-");
          EXPECT_EQ(accepts(*grammar, text), tenths > low * 10 && tenths < high * 10)
              << text << " in " << low << ".." << high;
        }
        for (int number = -13; grammar && number <= 13; ++number) {
          const bool fits =
              without ? number > low && number < high : number >= low && number <= high;
          EXPECT_EQ(accepts(*grammar, std::to_string(number)), fits);
        }
      }
    }
  }
}

TEST(NumberGrammar, TheLargestBoundsAreExact) {
  const auto most = NumberRange::kMostOfInteger;
  const auto grammar = grammar_of({.low = most - 1, .high = most});
  EXPECT_FALSE(accepts(*grammar, "999999999999999997"));
  EXPECT_TRUE(accepts(*grammar, "999999999999999998"));
  EXPECT_TRUE(accepts(*grammar, "999999999999999999"));
  EXPECT_FALSE(accepts(*grammar, "1000000000000000000"));
  EXPECT_FALSE(accepts(*grammar, "9"));
}

}  // namespace
}  // namespace sluice::inference
