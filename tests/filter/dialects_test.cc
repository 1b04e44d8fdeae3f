// What is checked: the truth tables of the dialects and of `filter.attributes`, through the public
// compile functions, so that the registration is under test as well. The cases are those that
// Knative replays, with our own answers where the contract differs.

#include "event/event_http.h"
#include "tests/filter/filter_support.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

struct Case {
  const char* filter;
  Attributes attributes;
  bool passes;
};

const Case kDialectCases[] = {
    {R"({"exact":{"type":"t"}})", {}, true},
    {R"({"exact":{"type":"T"}})", {}, false},
    {R"({"exact":{"type":"t","source":"/s"}})", {}, true},
    {R"({"exact":{"type":"t","source":"/other"}})", {}, false},
    {R"({"exact":{"ext":"v"}})", {{"ext", "v"}}, true},
    {R"({"exact":{"ext":"v"}})", {}, false},
    {R"({"exact":{"ext":"v"}})", {{"ext", "v2"}}, false},
    {R"({"exact":{"specversion":"1.0"}})", {}, true},
    {R"({"exact":{"time":"2026-11-20T14:45:00Z"}})", {{"time", "2026-11-20T14:45:00Z"}}, true},
    {R"({"exact":{"time":"2026-11-20T14:45:00Z"}})", {}, false},
    {R"({"prefix":{"type":"com."}})", {{"type", "com.example"}}, true},
    {R"({"prefix":{"type":"com."}})", {{"type", "org.example"}}, false},
    {R"({"prefix":{"type":"longer than it"}})", {{"type", "long"}}, false},
    {R"({"prefix":{"type":"com.","subject":"a"}})", {{"type", "com.x"}}, false},
    {R"({"prefix":{"ext":"a"}})", {}, false},
    {R"({"prefix":{"type":"t"}})", {}, true},
    {R"({"suffix":{"type":".created"}})", {{"type", "order.created"}}, true},
    {R"({"suffix":{"type":".created"}})", {{"type", "order.deleted"}}, false},
    {R"({"suffix":{"type":"x.order.created"}})", {{"type", "order.created"}}, false},
    {R"({"suffix":{"ext":"a"}})", {}, false},
    {R"({"not":{"exact":{"type":"t"}}})", {}, false},
    {R"({"not":{"exact":{"type":"other"}}})", {}, true},
    {R"({"not":{"exact":{"ext":"v"}}})", {}, true},  // Absent: exact fails, not passes.
    {R"({"not":{"not":{"exact":{"type":"t"}}}})", {}, true},
    {R"({"all":[{"exact":{"type":"t"}}]})", {}, true},
    {R"({"all":[{"exact":{"type":"t"}},{"prefix":{"source":"/"}},{"suffix":{"id":"1"}}]})",
     {},
     true},
    {R"({"all":[{"exact":{"type":"t"}},{"prefix":{"source":"x"}},{"suffix":{"id":"1"}}]})",
     {},
     false},
    {R"({"any":[{"exact":{"type":"x"}}]})", {}, false},
    {R"({"any":[{"exact":{"type":"x"}},{"exact":{"type":"t"}}]})", {}, true},
    {R"({"any":[{"exact":{"type":"x"}},{"exact":{"type":"y"}}]})", {}, false},
    {R"({"any":[{"all":[{"exact":{"type":"t"}},{"exact":{"id":"2"}}]},{"exact":{"id":"1"}}]})",
     {},
     true},
};

TEST(Dialects, PassAndFail) {
  for (const Case& c : kDialectCases) {
    const FilterPtr filter = compiled(c.filter);
    ASSERT_NE(filter, nullptr);
    EXPECT_EQ(filter->matches(*event_with(c.attributes)), c.passes) << c.filter;
  }
}

const Case kAttributesCases[] = {
    {"{}", {}, true},
    {R"({"type":"t"})", {}, true},
    {R"({"type":"T"})", {}, false},
    {R"({"type":"t","source":"/s","ext":"v"})", {{"ext", "v"}}, true},
    {R"({"type":"t","source":"/s","ext":"v"})", {{"ext", "w"}}, false},
    {R"({"type":"t","source":"/s","ext":"v"})", {}, false},
    {R"({"type":"","source":""})", {}, true},
    {R"({"ext":""})", {}, false},
    {R"({"ext":""})", {{"ext", "anything"}}, true},
    {R"({"ext":""})", {{"ext", ""}}, false},  // Present, but empty.
    {R"({"subject":""})", {}, false},
    {R"({"subject":""})", {{"subject", "s"}}, true},
    {R"({"time":""})", {}, false},
    {R"({"specversion":"","type":"t"})", {}, true},
};

TEST(AttributesFilter, PassesAndFails) {
  for (const Case& c : kAttributesCases) {
    const FilterPtr filter = compiled_attributes(c.filter);
    ASSERT_NE(filter, nullptr);
    EXPECT_EQ(filter->matches(*event_with(c.attributes)), c.passes) << c.filter;
  }
}

/// The truth table of one to three children under `dialect`, rows counted in binary.
void expect_truth_table(const std::string& dialect, bool (*want)(int passing, int children)) {
  const std::string pass = R"({"exact":{"type":"t"}})";
  const std::string fail = R"({"exact":{"type":"x"}})";
  for (int children = 1; children <= 3; ++children) {
    for (int row = 0; row < 1 << children; ++row) {
      std::string list;
      int passing = 0;
      for (int i = 0; i < children; ++i) {
        const bool passes = (row >> i & 1) != 0;
        passing += passes ? 1 : 0;
        list += (i == 0 ? "" : ",") + (passes ? pass : fail);
      }
      const FilterPtr filter = compiled("{\"" + dialect + "\":[" + list + "]}");
      ASSERT_NE(filter, nullptr);
      EXPECT_EQ(filter->matches(*event_with({})), want(passing, children)) << dialect << list;
    }
  }
}

TEST(LogicFilters, FollowTheirTruthTables) {
  expect_truth_table("all", [](int passing, int children) { return passing == children; });
  expect_truth_table("any", [](int passing, int) { return passing > 0; });
}

TEST(FiltersArray, IsAnImplicitAll) {
  const FilterPtr filter =
      compiled_list(R"([{"exact":{"type":"exact.t"}},{"suffix":{"subject":"z"}}])");
  EXPECT_TRUE(filter->matches(*event_with({{"type", "exact.t"}, {"subject", "xyz"}})));
  EXPECT_FALSE(filter->matches(*event_with({{"type", "exact.t"}, {"subject", "xy"}})));
  EXPECT_FALSE(filter->matches(*event_with({{"type", "exact"}, {"subject", "z"}})));
  EXPECT_TRUE(compiled_list("[]")->matches(*event_with({})));
}

TEST(ManyTriggers, EachGetsItsOwnEvents) {
  const char* const triggers[] = {"{}", R"({"type":"type1"})", R"({"source":"/source1"})",
                                  R"({"type":"type1","source":"/source1"})"};
  const bool want[4][4] = {{true, true, true, true},
                           {true, false, true, false},
                           {true, true, false, false},
                           {true, false, false, false}};
  const char* const sources[] = {"/source1", "/source2"};
  const char* const types[] = {"type1", "type2"};
  for (std::size_t e = 0; e < 4; ++e) {
    const EventPtr event = event_with({{"source", sources[e / 2]}, {"type", types[e % 2]}});
    for (std::size_t t = 0; t < 4; ++t) {
      EXPECT_EQ(compiled_attributes(triggers[t])->matches(*event), want[t][e]) << t << ' ' << e;
    }
  }
}

TEST(Filters, CompareTheStringFormOfAnyType) {
  const std::string text =
      R"({"specversion":"1.0","id":"1","source":"/s","type":"t","n":5,"b":true})";
  HttpBody body;
  body.bytes = text;
  const std::vector<HttpField> headers = {{"content-type", "application/cloudevents+json"}};
  const auto event = event_from_http(HttpMode::structured, headers, body);
  ASSERT_TRUE(event) << event.error().detail;
  EXPECT_TRUE(compiled_attributes(R"({"n":"5","b":"true"})")->matches(*event.value()));
  EXPECT_TRUE(compiled(R"({"exact":{"n":"5","b":"true"}})")->matches(*event.value()));
  EXPECT_FALSE(compiled(R"({"exact":{"n":"5.0"}})")->matches(*event.value()));
}

struct Bad {
  const char* filter;
  const char* message_part;
};

class BadFilter : public testing::TestWithParam<Bad> {};

TEST_P(BadFilter, IsRefusedAndTheClauseNamed) {
  const auto filter = compile_filter(nlohmann::json::parse(GetParam().filter));
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code, Errc::invalid_argument);
  EXPECT_NE(filter.error().detail.find(GetParam().message_part), std::string::npos)
      << filter.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadFilter,
    testing::Values(
        Bad{"[]", "want an object with one dialect"}, Bad{"\"exact\"", "want an object"},
        Bad{"{}",
            "the filter is empty; want one of exact, prefix, suffix, all, any, not, cesql, "
            "data"},
        Bad{R"({"exact":{"type":"a"},"prefix":{"type":"a"}})",
            "two dialects in one filter, 'exact' and 'prefix'"},
        Bad{R"({"exat":{"type":"a"}})",
            "unknown filter dialect 'exat'; known: exact, prefix, suffix, all, any, not, cesql, "
            "data"},
        Bad{R"({"Exact":{"type":"a"}})", "unknown filter dialect 'Exact'"},
        Bad{R"({"cesql":"type = 'a"})", "cesql: column 8: the string does not end"},
        Bad{R"({"exact":{}})", "exact: want at least one attribute"},
        Bad{R"({"prefix":{}})", "prefix: want at least one attribute"},
        Bad{R"({"suffix":{}})", "suffix: want at least one attribute"},
        Bad{R"({"exact":"a"})", "exact: want an object"},
        Bad{R"({"exact":[]})", "exact: want an object"},
        Bad{R"({"exact":null})", "exact: want an object"},
        Bad{R"({"exact":{"type":""}})", "exact.type: the value is empty"},
        Bad{R"({"prefix":{"type":""}})", "prefix.type: the value is empty"},
        Bad{R"({"suffix":{"type":""}})", "suffix.type: the value is empty"},
        Bad{R"({"exact":{"":"a"}})", "exact: an attribute name is empty"},
        Bad{R"({"exact":{"type":7}})", "exact.type: want a string"},
        Bad{R"({"exact":{"type":{"a":"b"}}})", "exact.type: want a string"},
        Bad{R"({"exact":{"SOURCE":"a"}})", "exact: attribute name 'SOURCE'"},
        Bad{R"({"exact":{"Source":"a"}})", "attribute name 'Source'"},
        Bad{R"({"exact":{"souRce":"a"}})", "attribute name 'souRce'"},
        Bad{R"({"exact":{"s pace s":"a"}})", "attribute name 's pace s'"},
        Bad{R"({"exact":{"s_pace_s":"a"}})", "attribute name 's_pace_s'"},
        Bad{R"({"prefix":{"s-pace-s":"a"}})", "prefix: attribute name 's-pace-s'"},
        Bad{R"({"suffix":{"123":"a"}})", "suffix: attribute name '123'"},
        Bad{R"({"exact":{"1a":"a"}})", "attribute name '1a'"},
        Bad{"{\"exact\":{\"\U0001f600\":\"a\"}}", "attribute name '\U0001f600'"},
        Bad{R"({"exact":{"!":"a"}})", "attribute name '!'"},
        Bad{R"({"all":[]})", "all: want at least one filter"},
        Bad{R"({"any":[]})", "any: want at least one filter"},
        Bad{R"({"all":{}})", "all: want a list of filters"},
        Bad{R"({"any":{"exact":{"type":"a"}}})", "any: want a list of filters"},
        Bad{R"({"not":{}})", "not: the filter is empty"},
        Bad{R"({"not":[{"exact":{"type":"a"}}]})", "not: want an object"},
        Bad{R"({"all":[{}]})", "all[0]: the filter is empty"},
        Bad{R"({"any":[{"exact":{"type":"a"}},{"exact":{"type":""}}]})", "any[1].exact.type: the"},
        Bad{R"~({"not":{"all":[{"cesql":"NOPE()"}]}})~",
            "not.all[0].cesql: column 1: there is no function"},
        Bad{R"({"any":[{"not":{"exact":{"a":"b"},"suffix":{"a":"b"}}}]})", "any[0].not: two dia"}));

struct BadList {
  const char* json;
  const char* message_part;
};

TEST(FiltersArray, NamesTheClauseThatIsBad) {
  const BadList lists[] = {{"{}", "filters: want a list"},
                           {"[{}]", "filters[0]: the filter is empty"},
                           {R"([{"exact":{"type":"a"}},{"any":[{}]}])", "filters[1].any[0]: the f"},
                           {R"([{"exact":{"type":""}}])", "filters[0].exact.type: the value is e"}};
  for (const BadList& bad : lists) {
    const auto filter = compile_filters(nlohmann::json::parse(bad.json));
    ASSERT_FALSE(filter) << bad.json;
    EXPECT_NE(filter.error().detail.find(bad.message_part), std::string::npos)
        << filter.error().detail;
  }
}

TEST(AttributesFilter, NamesTheClauseThatIsBad) {
  const BadList lists[] = {{"[]", "filter.attributes: want an object"},
                           {R"({"Type":"a"})", "filter.attributes: attribute name 'Type'"},
                           {R"({"type":5})", "filter.attributes.type: want a string"}};
  for (const BadList& bad : lists) {
    const auto filter = compile_attributes_filter(nlohmann::json::parse(bad.json));
    ASSERT_FALSE(filter) << bad.json;
    EXPECT_NE(filter.error().detail.find(bad.message_part), std::string::npos)
        << filter.error().detail;
  }
}

}  // namespace
}  // namespace sluice
