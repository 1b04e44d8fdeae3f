// What is checked: a filter in words, as `sluice graph` and findings show it.

#include "filter/filter_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

struct FilterInWords {
  const char* json;
  const char* words;
};

class FilterText : public testing::TestWithParam<FilterInWords> {};

TEST_P(FilterText, SaysWhatPasses) {
  EXPECT_EQ(filter_text(nlohmann::json::parse(GetParam().json)), GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FilterText,
    testing::Values(
        FilterInWords{"null", ""}, FilterInWords{R"({"attributes": {"type": "a"}})", "type = a"},
        FilterInWords{R"({"attributes": {"ext": ""}})", "ext is present"},
        FilterInWords{R"([{"prefix": {"type": "a"}}])", "type starts with a"},
        FilterInWords{R"([{"exact": {"a": "1", "b": "2"}}])", "a = 1 and b = 2"},
        FilterInWords{R"([{"not": {"exact": {"a": "1"}}}])", "not (a = 1)"},
        FilterInWords{R"([{"any": [{"exact": {"a": "1"}}, {"suffix": {"b": "2"}}]}])",
                      "a = 1 or b ends with 2"},
        FilterInWords{
            R"([{"any": [{"exact": {"a": "1"}}, {"exact": {"b": "2"}}]}, {"exact": {"c": "3"}}])",
            "(a = 1 or b = 2) and c = 3"}));

}  // namespace
}  // namespace sluice
