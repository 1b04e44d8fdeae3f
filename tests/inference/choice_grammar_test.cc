// One of a list: exactly those bytes, and lists that make no sense.

#include "inference/choice_grammar.h"

#include "inference/grammar_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::inference {
namespace {

TEST(ChoiceGrammar, AcceptsTheChoicesAndNothingElse) {
  const std::vector<std::string> choices{"yes", "no", "no way", "caf\xC3\xA9", "\xFF\n\"", " "};
  const auto grammar = choice_grammar(choices).value();
  for (const auto& choice : choices) EXPECT_TRUE(accepts(*grammar, choice));
  for (const char* text : {"", "y", "yes ", "now", "no ", "caf\xC3", "\xFF", "  "})
    EXPECT_FALSE(accepts(*grammar, text)) << text;
}

TEST(ChoiceGrammar, RefusesListsThatMakeNoSense) {
  const auto why = [](const std::vector<std::string>& choices) {
    const auto grammar = choice_grammar(choices);
    return grammar ? std::string("accepted") : grammar.error().detail;
  };
  EXPECT_EQ(why({}), "choice: the list is empty");
  EXPECT_EQ(why({"a", ""}), "choice: entry 1 is empty");
  EXPECT_EQ(why({"a", "b", "a"}), "choice: entry 2 is there twice");
  EXPECT_THAT(why({std::string(300'000, 'x')}), testing::HasSubstr("more than 200000 states"));
}

}  // namespace
}  // namespace sluice::inference
