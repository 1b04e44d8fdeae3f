// What is checked: the truth table of the `data` dialect, operator by operator; which data is
// looked at; what is refused when it is compiled, with the place. And for arbitrary patterns and
// data, that it agrees with a slow oracle, and explain() with matches().

#include "tests/filter/data_oracle.h"
#include "tests/filter/filter_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace sluice {
namespace {

EventPtr event_with_data(std::string_view data, DataKind kind = DataKind::bytes,
                         std::string_view type = "application/json") {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t").data(data, kind);
  if (!type.empty()) builder.set("datacontenttype", type);
  return builder.build();
}

FilterPtr compiled_data(const std::string& argument) {
  return compiled("{\"data\":" + argument + "}");
}

struct Case {
  const char* argument;
  const char* data;
  bool passes;
};

class DataFilterTable : public testing::TestWithParam<Case> {};

TEST_P(DataFilterTable, PassesAndFails) {
  const Case& c = GetParam();
  const FilterPtr filter = compiled_data(c.argument);
  ASSERT_NE(filter, nullptr);
  const EventPtr event = event_with_data(c.data);
  EXPECT_EQ(filter->matches(*event), c.passes) << c.argument << ' ' << c.data;
  EXPECT_EQ(filter->explain(*event).passes, c.passes) << c.argument << ' ' << c.data;
  const auto oracle = oracle::passes(nlohmann::json::parse(c.argument), c.data);
  EXPECT_EQ(oracle.value_or(c.passes), c.passes) << c.argument << ' ' << c.data;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, DataFilterTable,
    testing::Values(
        Case{R"({"a":"x"})", R"({"a":"x"})", true}, Case{R"({"a":"x"})", R"({"a":"y"})", false},
        Case{R"({"a":"x"})", R"({"b":"x"})", false}, Case{R"({"a":"x"})", R"("x")", false},
        Case{R"({"a":"x"})", R"([])", false}, Case{R"({"a":"x"})", R"({})", false},
        Case{R"({"a.b":"x"})", R"({"a":{"b":"x"}})", true},
        Case{R"({"a.b":"x"})", R"({"a.b":"x"})", false},
        Case{R"({"/a.b":"x"})", R"({"a.b":"x"})", true},
        Case{R"({"/a/b":"x"})", R"({"a":{"b":"x"}})", true},
        Case{R"({"/a~1b":"x"})", R"({"a/b":"x"})", true},
        Case{R"({"/a~01":"x"})", R"({"a~1":"x"})", true}, Case{R"({"/":"x"})", R"({"":"x"})", true},
        Case{R"({"":"x"})", R"("x")", true}, Case{R"({"":"x"})", R"(["y","x"])", true},
        Case{R"({"":"x"})", R"({"x":1})", false},
        Case{R"({"a":"x","b":"y"})", R"({"b":"y","a":"x"})", true},
        Case{R"({"a":"x","b":"y"})", R"({"b":"z","a":"x"})", false},
        // The last of several members of one name, as nearly all who read JSON have it.
        Case{R"({"a":"x"})", R"({"a":"y","a":"x"})", true},
        Case{R"({"a":"x"})", R"({"a":"x","a":"y"})", false},
        Case{R"({"a":"x"})", "{\"\\u0061\":\"x\"}", true},
        Case{R"({"a":"x"})", "{\"\\ud800\":\"x\"}", false},
        Case{"{\"\\\"\":\"x\"}", R"({"\"":"x"})", true},
        Case{"{\"a\\\":\\\"b\":{\"exists\":\"true\"}}", R"({"a":"b"})", false},
        Case{"{\"gr\u00fc\u00dfe\":\"x\"}", "{\"gr\\u00fc\\u00dfe\":\"x\"}", true},
        Case{R"({"a.b.c":"x"})",
             " \n{ \"z\" : [ 1 , {\"a\":{}} ] , \"a\" : { \"q\" : { } , "
             "\"b\" : { \"c\" : \"x\" } } }\r\n",
             true}));

INSTANTIATE_TEST_SUITE_P(
    Arrays, DataFilterTable,
    testing::Values(Case{R"({"a":"x"})", R"({"a":["y","x"]})", true},
                    Case{R"({"a":"x"})", R"({"a":[["y",["x"]]]})", true},
                    Case{R"({"a":"x"})", R"({"a":[]})", false},
                    Case{R"({"a":"x"})", R"({"a":[{"a":"x"}]})", false},
                    Case{R"({"a.1":"x"})", R"({"a":["y","x"]})", true},
                    Case{R"({"a.0":"x"})", R"({"a":["y","x"]})", false},
                    Case{R"({"a.2":"x"})", R"({"a":["y","x"]})", false},
                    Case{R"({"a.1":"x"})", R"({"a":{"1":"x"}})", true},
                    Case{R"({"a.01":"x"})", R"({"a":["y","x"]})", false},
                    Case{R"({"a.01":"x"})", R"({"a":[{"01":"x"}]})", true},
                    Case{R"({"/a/1":"x"})", R"({"a":["y","x"]})", true},
                    Case{R"({"/a/01":"x"})", R"({"a":["y","x"]})", false},
                    Case{R"({"/a/-":{"exists":"true"}})", R"({"a":["y","x"]})", false},
                    Case{R"({"a.b":"x"})", R"({"a":[{"b":"y"},{"b":"x"}]})", true},
                    Case{R"({"a.b":"x"})", R"({"a":[1,[[{"b":"x"}]]]})", true},
                    Case{R"({"a.b":"x"})", R"([{"a":{"b":"x"}}])", true},
                    Case{R"({"/a/b":"x"})", R"({"a":[{"b":"x"}]})", false},
                    // Each path for itself: not of one element.
                    Case{R"({"a.b":"x","a.c":"y"})", R"({"a":[{"b":"x"},{"c":"y"}]})", true},
                    Case{R"({"a":{"anything-but":"x"}})", R"({"a":["x","y"]})", true},
                    Case{R"({"a":{"anything-but":"x"}})", R"({"a":["x","x"]})", false},
                    Case{R"({"0.1":"x"})", R"([["y","x"]])", true}));

INSTANTIATE_TEST_SUITE_P(
    Values, DataFilterTable,
    testing::Values(
        Case{R"({"a":["x","y"]})", R"({"a":"y"})", true},
        Case{R"({"a":["x","y"]})", R"({"a":"z"})", false}, Case{R"({"a":""})", R"({"a":""})", true},
        Case{R"({"a":""})", R"({"a":null})", false}, Case{R"({"a":"X"})", R"({"a":"x"})", false},
        Case{R"({"a":"x"})", "{\"a\":\"\\u0078\"}", true},
        Case{R"({"a":"\n"})", R"({"a":"\n"})", true},
        Case{"{\"a\":\"\U0001f600\"}", "{\"a\":\"\\ud83d\\ude00\"}", true},
        Case{R"({"a":"5"})", R"({"a":5})", true}, Case{R"({"a":"5"})", R"({"a":"5"})", true},
        Case{R"({"a":"5"})", R"({"a":5.0})", true}, Case{R"({"a":"5"})", R"({"a":50e-1})", true},
        Case{R"({"a":"5"})", R"({"a":"5.0"})", false}, Case{R"({"a":"5"})", R"({"a":6})", false},
        Case{R"({"a":"05"})", R"({"a":5})", false}, Case{R"({"a":"-0"})", R"({"a":0})", true},
        Case{R"({"a":"true"})", R"({"a":true})", true},
        Case{R"({"a":"true"})", R"({"a":"true"})", true},
        Case{R"({"a":"True"})", R"({"a":true})", false},
        Case{R"({"a":"false"})", R"({"a":true})", false},
        Case{R"({"a":"null"})", R"({"a":null})", true},
        Case{R"({"a":"9007199254740993"})", R"({"a":9007199254740992})", false},
        Case{R"({"a":"9007199254740993"})", R"({"a":9007199254740993.0})", true},
        Case{R"({"a":"0.1"})", R"({"a":0.1000000000000000055})", false}));

INSTANTIATE_TEST_SUITE_P(
    Operators, DataFilterTable,
    testing::Values(
        Case{R"({"a":{"prefix":"ab"}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"prefix":"ab"}})", R"({"a":"ab"})", true},
        Case{R"({"a":{"prefix":"ab"}})", R"({"a":"a"})", false},
        Case{R"({"a":{"prefix":"AB"}})", R"({"a":"abc"})", false},
        Case{R"({"a":{"prefix":"1"}})", R"({"a":12})", false},
        Case{R"({"a":{"prefix":{"equals-ignore-case":"AB"}}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"suffix":"bc"}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"suffix":"bc"}})", R"({"a":"abcd"})", false},
        Case{R"({"a":{"suffix":{"equals-ignore-case":"BC"}}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"suffix":"e"}})", "{\"a\":\"abcd\\u0065\"}", true},
        Case{R"({"a":{"equals-ignore-case":"aBc"}})", R"({"a":"AbC"})", true},
        Case{R"({"a":{"equals-ignore-case":"aBc"}})", R"({"a":"AbCd"})", false},
        Case{"{\"a\":{\"equals-ignore-case\":\"\u00e9\"}}", "{\"a\":\"\u00c9\"}", false},
        Case{R"({"a":{"wildcard":"a*c"}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"wildcard":"a*c"}})", R"({"a":"ac"})", true},
        Case{R"({"a":{"wildcard":"a*c"}})", R"({"a":"acd"})", false},
        Case{R"({"a":{"wildcard":"a*a"}})", R"({"a":"a"})", false},
        Case{R"({"a":{"wildcard":"*b*"}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"wildcard":"*ab*ab*"}})", R"({"a":"xabab"})", true},
        Case{R"({"a":{"wildcard":"*ab*ab*"}})", R"({"a":"xaba"})", false},
        Case{R"({"a":{"wildcard":"a**c"}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"wildcard":"abc"}})", R"({"a":"abc"})", true},
        Case{R"({"a":{"wildcard":"a\\*c"}})", R"({"a":"abc"})", false},
        Case{R"({"a":{"wildcard":"a\\*c"}})", R"({"a":"a*c"})", true},
        Case{R"({"a":{"wildcard":"*\\\\"}})", R"({"a":"a\\"})", true},
        Case{R"({"a":{"anything-but":"x"}})", R"({"a":"y"})", true},
        Case{R"({"a":{"anything-but":"x"}})", R"({"a":"x"})", false},
        Case{R"({"a":{"anything-but":"x"}})", R"({"b":"y"})", false},
        Case{R"({"a":{"anything-but":"x"}})", R"({"a":null})", true},
        Case{R"({"a":{"anything-but":"x"}})", R"({"a":{}})", false},
        Case{R"({"a":{"anything-but":"x"}})", "{\"a\":\"\\ud800\"}", false},
        Case{R"({"a":{"anything-but":["x","5"]}})", R"({"a":5})", false},
        Case{R"({"a":{"anything-but":["x",{"prefix":"y"}]}})", R"({"a":"yes"})", false},
        Case{R"({"a":{"anything-but":{"numeric":["<","3"]}}})", R"({"a":3})", true},
        Case{R"({"a":[{"prefix":"y"},"x",{"numeric":["=","1"]}]})", R"({"a":1})", true}));

INSTANTIATE_TEST_SUITE_P(
    Exists, DataFilterTable,
    testing::Values(Case{R"({"a":{"exists":"true"}})", R"({"a":null})", true},
                    Case{R"({"a":{"exists":"true"}})", R"({"a":{}})", true},
                    Case{R"({"a":{"exists":"true"}})", R"({"a":[]})", true},
                    Case{R"({"a":{"exists":"true"}})", "{\"a\":\"\\ud800\"}", true},
                    Case{R"({"a":{"exists":"true"}})", R"({"b":1})", false},
                    Case{R"({"a":{"exists":"false"}})", R"({"b":1})", true},
                    Case{R"({"a":{"exists":"false"}})", R"({"a":1})", false},
                    Case{R"({"a":{"exists":"false"}})", R"({"a":[]})", false},
                    Case{R"({"a.b":{"exists":"false"}})", R"({"a":[{"c":1},{"b":1}]})", false},
                    Case{R"({"a.b":{"exists":"true"}})", R"({"a":[{"c":1},{"b":1}]})", true},
                    Case{R"({"a.b":{"exists":"false"}})", R"({"a":[]})", true},
                    Case{R"({"a.b":{"exists":"false"}})", R"(7)", true},
                    Case{R"({"a":["x",{"exists":"false"}]})", R"({"a":"x"})", true},
                    Case{R"({"a":["x",{"exists":"false"}]})", R"({})", true},
                    Case{R"({"a":["x",{"exists":"false"}]})", R"({"a":"y"})", false},
                    Case{R"({"a":["x",{"exists":"true"}]})", R"({"a":"y"})", true}));

INSTANTIATE_TEST_SUITE_P(
    Numbers, DataFilterTable,
    testing::Values(
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":100})", false},
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":100.0001})", true},
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":500})", true},
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":5.0E2})", true},
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":500.1})", false},
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":"200"})", false},
        Case{R"({"a":{"numeric":[">","100","<=","500"]}})", R"({"a":null})", false},
        Case{R"({"a":{"numeric":["<","-1"]}})", R"({"a":-1.5})", true},
        Case{R"({"a":{"numeric":["<","-1"]}})", R"({"a":-1})", false},
        Case{R"({"a":{"numeric":["<","-1"]}})", R"({"a":0})", false},
        Case{R"({"a":{"numeric":[">=","-1"]}})", R"({"a":-1.00})", true},
        Case{R"({"a":{"numeric":["=","0"]}})", R"({"a":-0.0e7})", true},
        Case{R"({"a":{"numeric":["=","0.1"]}})", R"({"a":1e-1})", true},
        Case{R"({"a":{"numeric":[">","9007199254740992"]}})", R"({"a":9007199254740993})", true},
        Case{R"({"a":{"numeric":[">","18446744073709551615"]}})", R"({"a":18446744073709551616})",
             true},
        Case{R"({"a":{"numeric":[">","1e308"]}})", R"({"a":1e400})", true},
        Case{R"({"a":{"numeric":["<","-1e308"]}})", R"({"a":-1e99999999999999999999})", true},
        Case{R"({"a":{"numeric":[">","0"]}})", R"({"a":1e-99999999999999999999})", true},
        Case{R"({"a":{"numeric":[">","0.5"]}})", R"({"a":0.50000000000000000000000001})", true},
        Case{R"({"a":{"numeric":[">","12"]}})", R"({"a":9})", false},
        Case{R"({"a":{"numeric":[">","1.2"]}})", R"({"a":12e-1})", false},
        Case{R"({"a":{"numeric":["<","1.25"]}})", R"({"a":1.2})", true},
        Case{R"({"a":{"numeric":[">","-1.25"]}})", R"({"a":-1.2})", true}));

TEST(DataFilter, LooksAtJsonOnly) {
  const FilterPtr filter = compiled_data(R"({"a":"x"})");
  const FilterPtr absent = compiled_data(R"({"b":{"exists":"false"}})");
  struct Row {
    DataKind kind;
    const char* type;
    const char* data;
    bool passes;
  };
  const Row rows[] = {
      {DataKind::bytes, "application/json", R"({"a":"x"})", true},
      {DataKind::bytes, "application/vnd.shop+json; charset=utf-8", R"({"a":"x"})", true},
      {DataKind::json, "", R"({"a":"x"})", true},
      {DataKind::json, "text/xml", R"({"a":"x"})", true},
      {DataKind::bytes, "", R"({"a":"x"})", false},
      {DataKind::bytes, "text/plain", R"({"a":"x"})", false},
      {DataKind::text, "text/plain", R"({"a":"x"})", false},
      {DataKind::none, "application/json", "", false},
      {DataKind::bytes, "application/json", "", false},
      {DataKind::bytes, "application/json", " ", false},
      {DataKind::bytes, "application/json", R"({"a":"x")", false},
      {DataKind::bytes, "application/json", R"({"a":"x"}})", false},
      {DataKind::bytes, "application/json", R"({"a":"x"} {})", false},
      {DataKind::bytes, "application/json", R"({"a":"x","b"})", false},
      {DataKind::bytes, "application/json", R"({"a":"x",})", false},
      {DataKind::bytes, "application/json", R"({"a":"x","z":01})", false},
      {DataKind::bytes, "application/json", R"({"a":"x","z":nul})", false},
      {DataKind::bytes, "application/json", R"({"a":"x","z":"\q"})", false},
      {DataKind::bytes, "application/json", "{\"a\":\"x\",\"z\":\"\xff\"}", false},
      {DataKind::bytes, "application/json", "{\"a\":\"x\",\"z\":\"\n\"}", false},
  };
  for (const Row& row : rows) {
    const EventPtr event = event_with_data(row.data, row.kind, row.type);
    EXPECT_EQ(filter->matches(*event), row.passes) << row.type << ' ' << row.data;
    EXPECT_EQ(absent->matches(*event), row.passes) << row.type << ' ' << row.data;
  }
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + "\"x\"" +
         std::string(static_cast<std::size_t>(levels), ']');
}

TEST(DataFilter, ReadsDataOfAnySizeAndSixtyThreeLevels) {
  const FilterPtr filter = compiled_data(R"({"":"x"})");
  EXPECT_TRUE(filter->matches(*event_with_data(nested(63))));
  EXPECT_FALSE(filter->matches(*event_with_data(nested(64))));
  EXPECT_FALSE(filter->matches(*event_with_data(nested(1'000'000))));
  const FilterPtr last = compiled_data(R"({"items.sku":"last","big":{"suffix":"\"z"}})");
  std::string data = R"({"items":[)";
  for (int i = 0; i < 100'000; ++i) data += R"({"sku":"some"},)";
  data += R"({"sku":"last"}],"big":")" + std::string(1 << 20, 'y') + R"(\"z"})";
  EXPECT_TRUE(last->matches(*event_with_data(data)));
  EXPECT_TRUE(filter->matches(*event_with_data(nested(1)))) << "small again";
}

TEST(DataFilter, TellsEventsApartThatComeOneAfterTheOther) {
  const FilterPtr filter = compiled_data(R"({"a":"x"})");
  // Freed and made anew, an event may have the address, the size and the place of the one before.
  for (int i = 0; i < 100; ++i) {
    const bool passes = i % 3 == 0;
    const EventPtr event = event_with_data(passes ? R"({"a":"x"})" : R"({"a":"y"})");
    EXPECT_EQ(filter->matches(*event), passes);
    EXPECT_EQ(filter->matches(*stamped(event, "2026-11-20T14:45:00Z", 7)), passes);
  }
}

struct Bad {
  const char* argument;
  const char* detail_part;
};

class BadDataFilter : public testing::TestWithParam<Bad> {};

TEST_P(BadDataFilter, IsRefusedAndThePlaceNamed) {
  const Bad& bad = GetParam();
  const auto filter = compile_filter({{"data", nlohmann::json::parse(bad.argument)}});
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code, Errc::invalid_argument);
  EXPECT_THAT(filter.error().detail, testing::HasSubstr(bad.detail_part));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadDataFilter,
    testing::Values(
        Bad{"[]", "data: want an object of paths"}, Bad{"{}", "data: want at least one path"},
        Bad{R"({"a":{}})", "data.a: the pattern is empty"},
        Bad{R"({"a":[]})", "data.a: the list is empty"},
        Bad{R"({"a":null})", "data.a: it has no value"},
        Bad{R"({"a":[["x"]]})", "data.a[0]: want one value"},
        Bad{R"({"a":5})", "data.a: want one value"},
        Bad{R"({"/a/b":{"prefx":"x"}})",
            "data/a/b: no operator is called 'prefx'; did you mean 'prefix'?"},
        Bad{R"({"order":{"status":"paid"}})",
            "a member of a member is one path, e.g. order.status"},
        Bad{R"({"a":["x",{"prefix":"x","suffix":"y"}]})",
            "data.a[1]: two operators in one pattern, 'prefix' and 'suffix'"},
        Bad{R"({"a":{"prefix":""}})", "data.a.prefix: the value is empty"},
        Bad{R"({"a":{"suffix":{"equals-ignore-case":""}}})",
            "data.a.suffix.equals-ignore-case: the value is empty"},
        Bad{R"({"a":{"prefix":{"suffix":"x"}}})", "data.a.prefix: want one value"},
        Bad{R"({"a":{"prefix":["x","y"]}})", "data.a.prefix: want one value"},
        Bad{R"({"a":{"wildcard":"a\\b"}})", R"(data.a.wildcard: a backslash is written \\)"},
        Bad{R"({"a":{"exists":"yes"}})", "data.a.exists: want true or false, not 'yes'"},
        Bad{R"({"a":[{"exists":"true"},{"exists":"false"}]})", "there or not, this passes"},
        Bad{R"({"a":{"anything-but":[]}})", "data.a.anything-but: the list is empty"},
        Bad{R"({"a":{"anything-but":{"exists":"true"}}})", "'exists' stands by itself"},
        Bad{R"({"a":{"anything-but":{"anything-but":"x"}}})", "'anything-but' stands in itself"},
        Bad{R"({"a":{"numeric":"5"}})", "data.a.numeric: want pairs of a comparison and a number"},
        Bad{R"({"a":{"numeric":[]}})", "want pairs"},
        Bad{R"({"a":{"numeric":[">"]}})", "want pairs"},
        Bad{R"({"a":{"numeric":["5",">"]}})", "numeric[0]: want =, >, >=, < or <=, not '5'"},
        Bad{R"({"a":{"numeric":["==","5"]}})", "not '=='"},
        Bad{R"({"a":{"numeric":[">","five"]}})",
            "data.a.numeric[1]: 'five' is no number as JSON writes it"},
        Bad{R"({"a":{"numeric":[">","+5"]}})", "'+5' is no number"},
        Bad{R"({"a":{"numeric":[">",".5"]}})", "'.5' is no number"},
        Bad{R"({"a":{"numeric":[">","0x5"]}})", "'0x5' is no number"},
        Bad{R"({"a":{"numeric":[">","1e9999999999"]}})", "has an exponent beyond 10^9"},
        Bad{R"({"a":{"numeric":[">","5","<","3"]}})", "no number is between 5 and 3"},
        Bad{R"({"a":{"numeric":[">","5","<=","5.0"]}})", "no number is between 5 and 5.0"},
        Bad{R"({"a":{"numeric":[">","5",">=","3"]}})", "numeric[2]: '>=' bounds what is bounded"},
        Bad{R"({"a":{"numeric":["=","5","<","9"]}})", "numeric[2]: '<' bounds what is bounded"},
        Bad{R"({"a..b":"x"})", "data: 'a..b' is no path: a name is empty"},
        Bad{R"({".a":"x"})", "'.a' is no path"}, Bad{R"({"a.":"x"})", "'a.' is no path"},
        Bad{R"({"$.a":"x"})", "leave out the '$'"},
        Bad{R"({"a[0].b":"x"})", "write an index between points"},
        Bad{R"({"/a~2":"x"})", "'~' in a JSON Pointer is written ~0"},
        Bad{R"({"/a~":"x"})", "'~' in a JSON Pointer is written ~0"}));

TEST(DataFilter, RefusesPathsThatAreDeeperThanData) {
  std::string path;
  for (int i = 0; i < 65; ++i) path += "/a";
  const auto filter = compile_filter({{"data", {{path, "x"}}}});
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().detail, testing::HasSubstr("deeper than data can be"));
}

TEST(DataFilter, IsNotOfAttributesAlone) {
  const FilterPtr filter = compiled_data(R"({"a":"x"})");
  EXPECT_TRUE(filter->pins().empty());
  EXPECT_FALSE(filter->looks_only_at({}));
}

// Few names and values, so that they meet.
nlohmann::json draw_data(int depth) {
  const int kind = *rc::gen::inRange(0, depth == 0 ? 3 : 6);
  if (kind == 0) return *rc::gen::element<std::string>("", "a", "ab", "B", "5", "true", "\"\\");
  if (kind == 1) return *rc::gen::element<int>(0, 1, 5, -5, 100);
  if (kind == 2) return *rc::gen::element<nlohmann::json>(true, nullptr, 0.5, -1e300, 5.0);
  nlohmann::json out = kind == 3 ? nlohmann::json::array() : nlohmann::json::object();
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) {
    if (kind == 3) {
      out.push_back(draw_data(depth - 1));
    } else {
      out[*rc::gen::element<std::string>("a", "b", "0", "1", "a.b", "a/b")] = draw_data(depth - 1);
    }
  }
  return out;
}

nlohmann::json draw_pattern(bool inside) {
  const auto text = [] {
    return *rc::gen::element<std::string>("a", "b", "5", "true", "null", "0");
  };
  const auto number = [] { return *rc::gen::element<std::string>("0", "5", "-5", "0.5", "1e2"); };
  switch (*rc::gen::inRange(0, inside ? 6 : 8)) {
    case 0:
      return text();
    case 1:
      return {{"prefix", text()}};
    case 2:
      return {{"suffix", {{"equals-ignore-case", text()}}}};
    case 3:
      return {{"equals-ignore-case", text()}};
    case 4:
      return {{"wildcard", *rc::gen::element<std::string>("a*", "*b*", "*", "*\\\\", "a*b")}};
    case 5:
      return {{"numeric", {*rc::gen::element<std::string>("=", "<", "<=", ">", ">="), number()}}};
    case 6:
      return {{"exists", *rc::gen::element<std::string>("true", "false")}};
    default:
      return {{"anything-but", nlohmann::json::array({draw_pattern(true), draw_pattern(true)})}};
  }
}

RC_GTEST_PROP(DataFilter, AgreesWithTheOracle, ()) {
  nlohmann::json argument = nlohmann::json::object();
  const int paths = *rc::gen::inRange(1, 3);
  for (int i = 0; i < paths; ++i) {
    const std::string path = *rc::gen::element<std::string>("a", "a.b", "a.0", "a.b.a", "0.a", "",
                                                            "/a", "/a/b", "/a/0", "/a~1b", "/a.b");
    argument[path] = nlohmann::json::array({draw_pattern(false)});
    if (*rc::gen::arbitrary<bool>()) argument[path].push_back(draw_pattern(true));
  }
  const auto filter = compile_filter({{"data", argument}});
  RC_ASSERT(filter.has_value());
  const std::string data = draw_data(4).dump(*rc::gen::element(-1, 1));
  const EventPtr event = event_with_data(data);
  const auto wanted = oracle::passes(argument, data);
  RC_ASSERT(wanted.has_value());
  RC_ASSERT(filter.value()->matches(*event) == *wanted);
  RC_ASSERT(filter.value()->explain(*event).passes == *wanted);
}

}  // namespace
}  // namespace sluice
