// What is checked: what the `data` dialect says of an event: the clause as people write it, what
// the data has there, why it could not be read, and the nearest miss.

#include "tests/filter/filter_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

EventPtr event_of(std::string_view data, std::string_view type = "application/json") {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t").data(data, DataKind::bytes);
  if (!type.empty()) builder.set("datacontenttype", type);
  return builder.build();
}

/// What is said of the one path of `argument`.
Explanation leaf_of(const std::string& argument, const Event& event) {
  const FilterPtr filter = compiled("{\"data\":" + argument + "}");
  if (filter == nullptr) return {};
  Explanation explanation = filter->explain(event);
  EXPECT_EQ(explanation.clause, "data");
  EXPECT_EQ(explanation.parts.size(), 1U);
  EXPECT_EQ(explanation.passes, explanation.parts.at(0).passes);
  return explanation.parts.at(0);
}

TEST(DataExplanation, SaysTheClauseAsPeopleWriteIt) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"a.b":"x"})", "data.a.b = x"},
      {R"({"/a/b":["x","y"]})", "data/a/b = x or = y"},
      {R"({"":"x"})", "data = x"},
      {R"({"a":{"prefix":"x"}})", "data.a starts with x"},
      {R"({"a":{"suffix":{"equals-ignore-case":"x"}}})", "data.a ends with x in any case"},
      {R"({"a":{"equals-ignore-case":"x"}})", "data.a = x in any case"},
      {R"({"a":{"wildcard":"x*"}})", "data.a is like x*"},
      {R"({"a":{"numeric":[">","100","<=","500"]}})", "data.a > 100 and <= 500"},
      {R"({"a":{"numeric":["<","5"]}})", "data.a < 5"},
      {R"({"a":{"numeric":["=","5"]}})", "data.a is the number 5"},
      {R"({"a":{"anything-but":["x",{"prefix":"y"}]}})", "data.a is not (= x or starts with y)"},
      {R"({"a":{"exists":"true"}})", "data.a is there"},
      {R"({"a":["x",{"exists":"false"}]})", "data.a = x or is absent"},
  };
  for (const auto& [argument, clause] : rows) {
    EXPECT_EQ(leaf_of(argument, *event_of("{}")).clause, clause);
  }
}

TEST(DataExplanation, ShowsWhatIsThere) {
  const Explanation leaf = leaf_of(R"({"a.b":"x"})", *event_of(R"({"a":{"b": [1, "x"] }})"));
  EXPECT_TRUE(leaf.passes);
  EXPECT_EQ(leaf.attribute, "data.a.b");
  EXPECT_EQ(leaf.seen, R"([1, "x"])");
  EXPECT_EQ(leaf.problem, "");
  EXPECT_EQ(leaf.hint, "");
  EXPECT_EQ(leaf_of(R"({"a.b":"x"})", *event_of(R"({"a":[{"b":1},{"b":2}]})")).seen, "1, 2");
  EXPECT_EQ(leaf_of(R"({"/a":"x"})", *event_of("{}")).seen, std::nullopt);
  EXPECT_EQ(leaf_of(R"({"/a":"x"})", *event_of("{}")).attribute, "data/a");
}

TEST(DataExplanation, CutsWhatIsLongBetweenCharacters) {
  for (int odd = 0; odd < 3; ++odd) {
    std::string text(static_cast<std::size_t>(odd), 'x');
    for (int i = 0; i < 200; ++i) text += "\u20ac";
    const std::string seen =
        leaf_of(R"({"a":"x"})", *event_of("{\"a\":\"" + text + "\"}")).seen.value();
    EXPECT_LE(seen.size(), 203U);
    EXPECT_GE(seen.size(), 200U);
    EXPECT_EQ(seen, ("\"" + text).substr(0, seen.size() - 3) + "...");
    EXPECT_EQ((seen.size() - 3 - 1 - static_cast<std::size_t>(odd)) % 3, 0U) << "whole characters";
  }
}

TEST(DataExplanation, SaysWhyDataIsNotJson) {
  struct Row {
    DataKind kind;
    const char* type;
    const char* data;
    const char* problem;
  };
  const Row rows[] = {
      {DataKind::none, "", "", "the data is no JSON: the event has none"},
      {DataKind::bytes, "", "{}", "the data is no JSON: the event has no datacontenttype"},
      {DataKind::bytes, "text/csv", "{}", "the data is no JSON: datacontenttype is 'text/csv'"},
      {DataKind::text, "text/csv", "{}", "the data is no JSON: datacontenttype is 'text/csv'"},
      {DataKind::bytes, "application/json", R"({"a" 1})",
       "the data is no JSON: malformed JSON at byte 5: want a member name and ':'"},
      {DataKind::bytes, "application/json", "{} {}",
       "the data is no JSON: malformed JSON at byte 3: text behind the value"},
      {DataKind::bytes, "application/json", "\"\xff\"", "not UTF-8"},
  };
  for (const Row& row : rows) {
    EventBuilder builder;
    builder.set("id", "1").set("source", "/s").set("type", "t").data(row.data, row.kind);
    if (*row.type != '\0') builder.set("datacontenttype", row.type);
    const Explanation leaf = leaf_of(R"({"a":{"exists":"false"}})", *builder.build());
    EXPECT_FALSE(leaf.passes);
    EXPECT_THAT(leaf.problem, testing::HasSubstr(row.problem)) << row.data;
    EXPECT_EQ(leaf.seen, std::nullopt);
  }
}

struct Hint {
  const char* argument;
  const char* data;
  const char* hint;
};

class DataHints : public testing::TestWithParam<Hint> {};

TEST_P(DataHints, NameTheNearestMiss) {
  const Explanation leaf = leaf_of(GetParam().argument, *event_of(GetParam().data));
  EXPECT_FALSE(leaf.passes);
  EXPECT_EQ(leaf.hint, GetParam().hint) << GetParam().argument << ' ' << GetParam().data;
}

INSTANTIATE_TEST_SUITE_P(
    OfPaths, DataHints,
    testing::Values(
        Hint{R"({"order.total":"5"})", R"({"order":{"totl":5}})", "the data has 'order.totl'"},
        Hint{R"({"order.total":"5"})", R"({"Order":{"total":5}})", "the data has 'Order'"},
        Hint{R"({"/order/total":"5"})", R"({"order":{"totl":5}})", "the data has '/order/totl'"},
        Hint{R"({"/order/t~1a":"5"})", R"({"order":{"T/a":5}})", "the data has '/order/T~1a'"},
        Hint{R"({"order.total":"5"})", R"({"order":{"sum":5}})", ""},
        Hint{R"({"order.total":"5"})", R"({"order.total":5})",
             "a name in the data has the points in it: write the pointer /order.total"},
        Hint{R"({"data.order":"5"})", R"({"order":5})",
             "a path begins inside the data: leave out the 'data' in front"},
        Hint{R"({"order.total":"5"})", R"({"order":"5"})",
             "'order' is a string, which has no members"},
        Hint{R"({"order.total":"5"})", R"({"order":null})",
             "'order' is 'null', which has no members"},
        Hint{R"({"order.total":"5"})", "5", "the data is '5', which has no members"},
        Hint{R"({"items.2":"5"})", R"({"items":[5,5]})", "'items' has 2 elements"},
        Hint{R"({"/items/1":"5"})", R"({"items":[6]})", "'/items' has 1 element"},
        Hint{R"({"/items/sku":"5"})", R"({"items":[6]})", "'/items' is an array: write an index"},
        Hint{R"({"items.sku":"5"})", R"({"items":[]})", "'items' is an empty array"},
        Hint{R"({"items.sku":"5"})", R"({"items":[{"skv":5}]})", "the data has 'items.skv'"}));

INSTANTIATE_TEST_SUITE_P(
    OfValues, DataHints,
    testing::Values(Hint{R"({"a":["paid","shipped"]})", R"({"a":"piad"})", "is near 'paid'"},
                    Hint{R"({"a":"paid"})", R"({"a":"Paid"})", "differs only in case from 'paid'"},
                    Hint{R"({"a":"paid"})", R"({"a":["x","pad"]})", "is near 'paid'"},
                    Hint{R"({"a":"paid"})", R"({"a":"cancelled"})", ""},
                    Hint{R"({"a":"true"})", R"({"a":{"b":1}})",
                         "it is an object: write a path to a member of it"},
                    Hint{R"({"a":{"numeric":[">","5"]}})", R"({"a":"6"})",
                         "it is a string; as a number it would pass"},
                    Hint{R"({"a":{"numeric":[">","5"]}})", R"({"a":"4"})", ""},
                    Hint{R"({"a":{"prefix":"6"}})", R"({"a":66})",
                         "it is no string; as one it would pass"},
                    Hint{R"({"a":{"exists":"false"}})", R"({"a":66})", ""}));

}  // namespace
}  // namespace sluice
