// What is checked: the `cesql` dialect: what passes, what is refused when it is read, its pins and
// its explanation; functions that are added, and those that are refused.

#include "filter/cesql/expression.h"
#include "tests/filter/cesql_event.h"
#include "tests/filter/filter_support.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {
namespace {

CesqlValue twice(CesqlCall& call) noexcept { return CesqlValue::of(call.number(0) * 2); }

CesqlValue broken(CesqlCall& call) noexcept {
  call.fail(CesqlErrorKind::function_evaluation, "it is broken");
  return CesqlValue::of(7);  // No String, which it said it returns.
}

TEST(Cesql, CallsFunctionsThatWereAdded) {
  CesqlFunctions functions;
  ASSERT_TRUE(functions.add({"KN_TWICE", {CesqlType::integer}, {}, CesqlType::integer, twice}));
  ASSERT_TRUE(functions.add({"BROKEN", {}, {}, CesqlType::string, broken}));
  const EventPtr event = case_event();
  const auto good = CesqlExpression::parse("kn_twice(sequence) = 10", functions);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good.value().passes(*event));
  const auto bad = CesqlExpression::parse("BROKEN()", functions);
  ASSERT_TRUE(bad);
  const CesqlOutcome outcome = bad.value().evaluate(*event);
  EXPECT_EQ(std::get<std::string>(outcome.value), "");
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->detail, "it is broken");
}

TEST(Cesql, RefusesFunctionsThatOneCallCouldMean) {
  using Types = std::vector<CesqlType>;
  constexpr CesqlType kText = CesqlType::string;
  struct Row {
    const char* name;
    Types parameters;
    std::optional<CesqlType> rest;
    bool fits;
  };
  const Row rows[] = {
      {"ABC", {}, {}, false},              // There with none.
      {"ABC", {kText}, {}, true},          //
      {"ABC", {kText, kText}, {}, false},  // The variadic one takes two.
      {"ABC", {kText}, kText, false},      // Two of them.
      {"ABD", {kText}, kText, true},       //
      {"abc", {kText}, {}, false},         // Lower case.
      {"A1", {kText}, {}, false},          //
      {"", {kText}, {}, false},            //
      {"_A", {kText}, {}, false},          //
  };
  for (const Row& row : rows) {
    CesqlFunctions functions;
    ASSERT_TRUE(functions.add({"ABC", {}, {}, CesqlType::integer, twice}));
    ASSERT_TRUE(functions.add({"ABC", {kText, kText}, kText, CesqlType::integer, twice}));
    const bool added{
        functions.add({row.name, row.parameters, row.rest, CesqlType::integer, twice})};
    EXPECT_EQ(added, row.fits) << row.name << " with " << row.parameters.size();
  }
}

TEST(CesqlFilter, PassesOnlyWhatIsTrueWithoutAnError) {
  const std::pair<const char*, bool> cases[] = {
      {"type = 'com.example.order'", true},
      {"type = 'x'", false},
      {"missing = 1", false},
      {"NOT (missing = 1)", false},
      {"'abc'", false},
      {"1", false},
      {"urgent", true},
      {"calm", false},
      {"word", false},  // A String, though it says TRUE.
      {"NOT 10", false},
      {"5 / 0 = 0", false},
  };
  for (const auto& [text, passes] : cases) {
    const FilterPtr filter = compiled(nlohmann::json{{"cesql", text}}.dump());
    ASSERT_NE(filter, nullptr);
    EXPECT_EQ(filter->matches(*case_event()), passes) << text;
    EXPECT_EQ(filter->explain(*case_event()).passes, passes) << text;
  }
}

TEST(CesqlFilter, IsRefusedWhenRead) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"cesql": "type ="})",
       "cesql: column 7: expected a value, found the end of the expression"},
      {R"({"cesql": ""})", "cesql: column 1: the expression is empty"},
      {R"~({"cesql": "NOPE()"})~", "cesql: column 1: there is no function 'NOPE'"},
      {R"({"cesql": {"a": "b"}})", "cesql: want an expression, a string"},
  };
  for (const auto& [spec, detail] : cases) {
    const auto filter = compile_filter(nlohmann::json::parse(spec));
    ASSERT_FALSE(filter) << spec;
    EXPECT_EQ(filter.error().detail, detail);
  }
}

std::string pins_text(const char* expression) {
  const FilterPtr filter = compiled(nlohmann::json{{"cesql", expression}}.dump());
  std::string out;
  for (const PinSet& set : filter->pins()) {
    out += '{';
    for (const Pin& pin : set) {
      constexpr const char* kSigns[] = {"=", "^", "$"};
      out += " " + pin.attribute + kSigns[static_cast<int>(pin.kind)] + pin.value;
    }
    out += " }";
  }
  return out;
}

TEST(CesqlFilter, PinsWhatEveryMatchHas) {
  EXPECT_EQ(pins_text("type = 'a'"), "{ type=a }");
  EXPECT_EQ(pins_text("TYPE = 'a' AND subject LIKE 'x%y'"), "{ type=a }{ subject^x }{ subject$y }");
  EXPECT_EQ(pins_text("type = 'a' OR id = 'b'"), "{ type=a id=b }");
  EXPECT_EQ(pins_text("type IN ('a', 'b')"), "{ type=a type=b }");
  EXPECT_EQ(pins_text("type LIKE 'a'"), "{ type=a }");
  EXPECT_EQ(pins_text("type LIKE 'a_c%'"), "{ type^a }");
  EXPECT_EQ(pins_text("type = 'a' AND (id = 'b' OR LENGTH(id) > 2)"), "{ type=a }");
  for (const char* none :
       {"type = 5", "'a' = type", "NOT type = 'a'", "type != 'a'", "ext IN ('05')",
        "ext IN ('TRUE')", "type NOT IN ('a')", "type = 'a' XOR id = 'b'", "type LIKE '%'",
        "type NOT LIKE 'a%'", "type = ''"}) {
    EXPECT_EQ(pins_text(none), "") << none;
  }
}

TEST(CesqlFilter, LooksOnlyAtTheAttributesItNames) {
  const FilterPtr filter = compiled(R"({"cesql": "type = 'a' OR EXISTS Subject"})");
  const std::string_view both[] = {"subject", "type"};
  const std::string_view one[] = {"type"};
  EXPECT_TRUE(filter->looks_only_at(both));
  EXPECT_FALSE(filter->looks_only_at(one));
}

TEST(CesqlFilter, ExplainsEachClause) {
  const FilterPtr filter =
      compiled(R"({"cesql": "(type = 'com.exmaple.order' OR missing > 1) AND sequence = 5"})");
  const Explanation all = filter->explain(*case_event());
  EXPECT_FALSE(all.passes);
  ASSERT_EQ(all.parts.size(), 1U);
  const Explanation& both = all.parts[0];
  EXPECT_EQ(both.clause, "AND");
  ASSERT_EQ(both.parts.size(), 2U);
  EXPECT_EQ(both.parts[0].clause, "OR");
  EXPECT_FALSE(both.parts[0].passes);
  const Explanation& first = both.parts[0].parts[0];
  EXPECT_EQ(first.clause, "type = 'com.exmaple.order'");
  EXPECT_EQ(first.attribute, "type");
  EXPECT_EQ(first.seen, "com.example.order");
  const Explanation& second = both.parts[0].parts[1];
  EXPECT_EQ(second.problem, "the event has no attribute 'missing' (column 32)");
  EXPECT_EQ(second.seen, std::nullopt);
  EXPECT_TRUE(both.parts[1].passes);
}

std::string parts_of(const char* expression) {
  const FilterPtr filter = compiled(nlohmann::json{{"cesql", expression}}.dump());
  const Explanation all = filter->explain(*case_event());
  std::string out = all.parts[0].passes ? "pass" : "FAIL";
  if (!all.parts[0].problem.empty()) out += "!";
  for (const Explanation& part : all.parts[0].parts) {
    out += part.passes ? " pass" : " FAIL";
    if (!part.problem.empty()) out += "!";
  }
  return out;
}

TEST(CesqlFilter, ExplainsOperandsAsTheirOperatorTakesThem) {
  EXPECT_EQ(parts_of("word AND count"), "pass pass pass") << "a String and an Integer, cast";
  EXPECT_EQ(parts_of("word OR calm"), "pass pass FAIL");
  EXPECT_EQ(parts_of("type AND urgent"), "FAIL FAIL! pass");
  EXPECT_EQ(parts_of("missing = 1 OR urgent"), "FAIL! FAIL! pass") << "and OR says why";
  EXPECT_EQ(parts_of("NOT word"), "FAIL pass");
  EXPECT_EQ(parts_of("NOT urgent"), "FAIL pass");
  EXPECT_EQ(parts_of("NOT type"), "FAIL FAIL!");
  EXPECT_EQ(parts_of("NOT count"), "FAIL! pass") << "the kit's exception";
}

}  // namespace
}  // namespace sluice
