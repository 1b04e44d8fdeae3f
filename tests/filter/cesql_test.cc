// What is checked: what expressions yield, from the table cesql_cases.txt; what the parser refuses,
// with the column; that hostile expressions end soon and shallow.

#include "filter/cesql/expression.h"
#include "filter/cesql/parser.h"
#include "tests/filter/cesql_event.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <string>
#include <variant>

namespace sluice {
namespace {

/// "VALUE" or "VALUE ! KIND", as the table has it.
std::string yields(const std::string& text, const Event& event) {
  const auto expression = CesqlExpression::parse(text);
  if (!expression)
    return "column " + std::to_string(expression.error().column) + ": " + expression.error().detail;
  const CesqlOutcome outcome = expression.value().evaluate(event);
  nlohmann::json value;
  std::visit([&](const auto& v) { value = v; }, outcome.value);
  const bool is_true = std::holds_alternative<bool>(outcome.value) && std::get<bool>(outcome.value);
  EXPECT_EQ(expression.value().passes(event), is_true && !outcome.error) << text;
  return value.dump() + (outcome.error ? " ! " + std::string(to_string(outcome.error->kind)) : "");
}

TEST(Cesql, YieldsWhatTheTableSays) {
  std::ifstream table(std::string(SLUICE_SOURCE_DIR) + "/tests/filter/cesql_cases.txt");
  const EventPtr event = case_event();
  int cases = 0;
  std::string line;
  for (int number = 1; std::getline(table, line); ++number) {
    const auto arrow = line.rfind(" => ");
    if (line.starts_with('#') || arrow == std::string::npos) continue;
    EXPECT_EQ(yields(line.substr(0, arrow), *event), line.substr(arrow + 4))
        << "cesql_cases.txt:" << number << ": " << line;
    ++cases;
  }
  EXPECT_GE(cases, 300);
}

TEST(Cesql, TakesControlCharactersAsSpaceAndInStrings) {
  const EventPtr event = case_event();
  EXPECT_EQ(yields("1\t+\r\n1", *event), "2");
  EXPECT_EQ(yields("'\t'", *event), "\"\\t\"");
  EXPECT_EQ(yields("TRIM('\ta\n')", *event), "\"a\"");
  EXPECT_EQ(yields("TRIM('\x01"
                   "a ')",
                   *event),
            "\"\\u0001a\"")
      << "no white space";
}

struct BadCase {
  const char* expression;
  std::size_t column;
  const char* detail;
};

const BadCase kBadCases[] = {
    {"", 1, "the expression is empty"},
    {"  ", 3, "the expression is empty"},
    {"ABC(", 5, "expected a value, found the end of the expression"},
    {"ABC(1", 6, "expected ')' for the '(' at column 4, found the end of the expression"},
    {"(1 + 2", 7, "expected ')' for the '(' at column 1, found the end of the expression"},
    {"1 + 2)", 6, "expected an operator, found ')'"},
    {"1 +", 4, "expected a value, found the end of the expression"},
    {"1 + * 2", 5, "expected a value, found '*'"},
    {"+ 5", 1, "expected a value, found '+'"},
    {"1 2", 3, "expected an operator, found the number 2"},
    {"type = 'a' 'b'", 12, "expected an operator, found the string 'b'"},
    {"type == 'a'", 7, "expected a value, found '=': equality is a single '='"},
    {"type = 'a", 8, "the string does not end: a single quote lacks"},
    {"type = \"a", 8, "the string does not end: a double quote lacks"},
    {"'a\\'", 1, "the string does not end: a single quote lacks"},
    {"2147483648", 1, "the number does not fit into 32 bits"},
    {"-2147483649", 1, "the number does not fit into 32 bits"},
    {"1 + 99999999999", 5, "the number does not fit into 32 bits"},
    {"x LIKE 123", 8, "LIKE wants a string in quotes as its pattern, found the number 123"},
    {"x LIKE y", 8, "LIKE wants a string in quotes as its pattern, found 'y'"},
    {"x NOT LIKE", 11,
     "LIKE wants a string in quotes as its pattern, found the end of the expression"},
    {"x IN 1", 6, "IN wants a list in parentheses, found the number 1"},
    {"x IN ()", 7, "the list of IN is empty"},
    {"x IN (1,)", 9, "expected a value, found ')'"},
    {"x NOT = 1", 3, "expected an operator, found 'NOT'"},
    {"EXISTS 'x'", 8, "EXISTS wants an attribute's name, found the string 'x'"},
    {"EXISTS (x)", 8, "EXISTS wants an attribute's name, found '('"},
    {"EXISTS", 7, "EXISTS wants an attribute's name, found the end of the expression"},
    {"my_ext = 1", 1, "'my_ext' is no attribute's name: those are letters and digits"},
    {"F2(1)", 1, "'F2' is no function's name: those are letters and '_'"},
    {"type = 'a' && TRUE", 12, "unexpected character '&': write AND"},
    {"TRUE || FALSE", 6, "unexpected character '|': write OR"},
    {"!TRUE", 1, "unexpected character '!': write NOT, or != between two values"},
    {"data.x = 1", 5, "unexpected character '.'"},
    {"type = ‘a’", 8, "unexpected character '‘': quote strings with ' or \""},
    {"'é' = ü", 7, "unexpected character 'ü'"},
    {"AND", 1, "expected a value, found 'AND'"},
    {"TRUE AND", 9, "expected a value, found the end of the expression"},
    {"a b", 3, "expected an operator, found 'b'"},
    {"1;", 2, "unexpected character ';'"},
};

TEST(Cesql, RefusesWithTheColumn) {
  for (const BadCase& bad : kBadCases) {
    const auto parsed = CesqlExpression::parse(bad.expression);
    ASSERT_FALSE(parsed) << bad.expression;
    EXPECT_EQ(parsed.error().kind, CesqlErrorKind::parse) << bad.expression;
    EXPECT_EQ(parsed.error().detail, bad.detail) << bad.expression;
    EXPECT_EQ(parsed.error().column, bad.column) << bad.expression;
  }
}

TEST(Cesql, RefusesWhatIsNotUtf8) {
  for (const char* text : {"type = '\xff'", "type = '\xc3'", "type = '\xed\xa0\x80'"}) {
    const auto parsed = CesqlExpression::parse(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().detail, "the expression is not UTF-8 here");
    EXPECT_EQ(parsed.error().column, 9U);
  }
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Cesql, RefusesWhatIsTooLongOrTooDeep) {
  const std::string deep = "nested deeper than 200 levels from here on";
  const std::pair<std::string, std::string> cases[] = {
      {repeated("1+", 500'000) + "1", "the expression has 1000001 bytes, at most 65536 are read"},
      {repeated("(", 10'000) + "1" + repeated(")", 10'000), deep},
      {repeated("(", 10'000), deep},
      {repeated("NOT ", 10'000) + "TRUE", deep},
      {repeated("-", 10'000) + "1", deep},
      {repeated("ABS(", 10'000) + "1" + repeated(")", 10'000), deep},
      {"1" + repeated("+1", 10'000), deep},
      {"TRUE" + repeated(" AND TRUE OR TRUE", 2'000), deep},
  };
  for (const auto& [text, detail] : cases) {
    const auto parsed = CesqlExpression::parse(text);
    ASSERT_FALSE(parsed) << text.substr(0, 20);
    EXPECT_EQ(parsed.error().detail, detail);
  }
}

TEST(Cesql, TakesLongChainsAndLists) {
  const EventPtr event = case_event();
  EXPECT_EQ(yields("FALSE" + repeated(" OR FALSE", 5'000) + " OR TRUE", *event), "true");
  EXPECT_EQ(yields("TRUE" + repeated(" AND TRUE", 5'000), *event), "true");
  EXPECT_EQ(yields("1 IN (0" + repeated(",0", 10'000) + ",1)", *event), "true");
  EXPECT_EQ(yields("LENGTH(CONCAT(''" + repeated(",'ab'", 10'000) + "))", *event), "20000");
  EXPECT_EQ(yields(repeated("(", 190) + "1" + repeated(")", 190), *event), "1");
}

TEST(Cesql, EndsWhereItsStringsAreTooLong) {
  const std::string value = repeated("x", 100'000);
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t").set("long", value);
  const EventPtr event = builder.build();
  EXPECT_EQ(yields("LENGTH(CONCAT(long" + repeated(",long", 5) + "))", *event), "600000");
  EXPECT_EQ(yields("LENGTH(CONCAT(long" + repeated(",long", 50) + "))", *event), "0 ! generic");
}

TEST(Cesql, ShowsTheColumnWithACaret) {
  EXPECT_EQ(with_caret("1 + * 2", 5), "  1 + * 2\n      ^");
  EXPECT_EQ(with_caret("'é' = ü", 7), "  'é' = ü\n        ^");
  EXPECT_EQ(with_caret("TRUE AND\n  x y", 14), "    x y\n      ^");
  EXPECT_EQ(with_caret("1 +", 4), "  1 +\n     ^");
  const std::string cut = with_caret(repeated("a", 1'000) + "?", 1'001);
  EXPECT_EQ(cut, "  ..." + repeated("a", 50) + "?\n  " + repeated(" ", 53) + "^");
}

TEST(Cesql, NamesTheFunctionThatIsMissing) {
  const std::pair<const char*, const char*> cases[] = {
      {"LENGHT(type) = 1", "there is no function 'LENGHT'; did you mean LENGTH?"},
      {"XYZZY()", "there is no function 'XYZZY'"},
      {"substring(type)", "SUBSTRING wants 2 or 3 arguments, not 1"},
      {"CONCAT_WS()", "CONCAT_WS wants 1 and more arguments, not 0"},
  };
  for (const auto& [text, detail] : cases) {
    const auto parsed = CesqlExpression::parse(text);
    ASSERT_TRUE(parsed) << text;
    const auto unknown = parsed.value().unknown_function();
    ASSERT_TRUE(unknown) << text;
    EXPECT_EQ(unknown->detail, detail);
    EXPECT_EQ(unknown->column, 1U);
  }
}

}  // namespace
}  // namespace sluice
