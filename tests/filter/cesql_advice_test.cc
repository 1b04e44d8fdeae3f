// What is checked: which expressions an author is advised about, at which column, and that what is
// written as people mean it gets no advice.

#include "filter/cesql/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> advice_on(const char* text) {
  const auto expression = CesqlExpression::parse(text);
  EXPECT_TRUE(expression) << text;
  std::vector<std::string> out;
  for (const CesqlAdvice& advice : cesql_advice(expression.value())) {
    out.push_back(std::to_string(advice.column) + ": " + advice.text);
  }
  return out;
}

TEST(CesqlAdvice, SaysWhatIsMostLikelyNotMeant) {
  EXPECT_THAT(advice_on("LENGTH(type)"),
              ElementsAre(HasSubstr("1: the expression is of type Int")));
  EXPECT_THAT(advice_on("CONCAT(type, id)"), ElementsAre(HasSubstr("of type String")));
  EXPECT_THAT(advice_on("type = 'a' AND id = 'b' OR id = 'c'"),
              ElementsAre("25: AND, OR and XOR bind alike, from the right: (id = 'b' OR id = 'c') "
                          "is grouped first"));
  EXPECT_THAT(advice_on("NOT type LIKE 'a%'"),
              ElementsAre("1: NOT binds tighter than what follows: this is (NOT type) ..."));
  EXPECT_THAT(advice_on("NOT id = '1'"), ElementsAre(HasSubstr("1: NOT binds tighter")));
  EXPECT_THAT(advice_on("type = 'a' AND 1 / 0 = id"),
              ElementsAre("16: this is an error for every event: division by zero"));
  EXPECT_THAT(advice_on("'abc' + 1 = id"), ElementsAre(HasSubstr("'abc' is no Integer")));
  EXPECT_THAT(advice_on("1 = 2"), ElementsAre("1: the expression passes nothing"));
  EXPECT_THAT(advice_on("TRUE"), ElementsAre("1: the expression passes every event"));
}

TEST(CesqlAdvice, IsSilentOtherwise) {
  for (const char* text :
       {"type = 'a'", "urgent", "type = 'a' AND id = 'b' AND id = 'c'",
        "type = 'a' AND (id = 'b' OR id = 'c')", "(type = 'a' AND id = 'b') OR id = 'c'",
        "type = 'a' AND (id = 'b') AND (EXISTS c OR EXISTS d)", "NOT (type LIKE 'a%')",
        "type NOT LIKE 'a%'", "NOT EXISTS subject", "NOT urgent AND type = 'a'", "-count < 5",
        "sequence > 2 * 5"}) {
    EXPECT_THAT(advice_on(text), ElementsAre()) << text;
  }
}

}  // namespace
}  // namespace sluice
