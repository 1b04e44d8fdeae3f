// What is checked: a filter that no event can pass is found out, with a reason that names what
// excludes one another, and a filter that some event passes is never called such. Method: a table
// of each; for the second, arbitrary filters over a small alphabet against every event over it.

#include "filter/satisfiable.h"

#include "filter/filter_text.h"
#include "tests/filter/filter_support.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace sluice {
namespace {

struct Dead {
  const char* name;
  const char* filter;
  const char* reason_part;

  friend std::ostream& operator<<(std::ostream& out, const Dead& dead) { return out << dead.name; }
};

class NeverMatches : public testing::TestWithParam<Dead> {};

TEST_P(NeverMatches, IsFoundOut) {
  const auto reason = why_never(nlohmann::json::parse(GetParam().filter));
  ASSERT_TRUE(reason);
  EXPECT_NE(reason->find(GetParam().reason_part), std::string::npos) << *reason;
}

INSTANTIATE_TEST_SUITE_P(
    Table, NeverMatches,
    testing::Values(
        Dead{"TwoValues", R"([{"exact": {"type": "a"}}, {"exact": {"type": "b"}}])",
             "no event has both type = 'a' and type = 'b'"},
        Dead{"ValueWithoutThePrefix",
             R"({"all": [{"prefix": {"type": "com."}}, {"exact": {"type": "org.x"}}]})",
             "both type starting with 'com.' and type = 'org.x'"},
        Dead{"ValueWithoutTheSuffix",
             R"([{"exact": {"type": "order.created"}}, {"suffix": {"type": ".deleted"}}])",
             "both type = 'order.created' and type ending with '.deleted'"},
        Dead{"TwoPrefixes", R"([{"prefix": {"type": "a."}}, {"prefix": {"type": "b."}}])",
             "both type starting with 'a.' and type starting with 'b.'"},
        Dead{"TwoSuffixes", R"([{"suffix": {"source": "/a"}}, {"suffix": {"source": "/b"}}])",
             "both source ending with '/a' and source ending with '/b'"},
        Dead{"NoneOfTheAlternatives",
             R"([{"any": [{"exact": {"type": "a"}}, {"prefix": {"type": "b"}}]},
                 {"exact": {"type": "c"}}])",
             "both (type = 'a' or type starting with 'b') and type = 'c'"},
        Dead{"EachAlternativeForAReasonOfItsOwn",
             R"([{"exact": {"type": "a", "source": "/a"}},
                 {"any": [{"exact": {"type": "b"}}, {"exact": {"source": "/b"}}]}])",
             "no event has both source = '/a' and source = '/b'"},
        Dead{"ThreeListsWithNothingInCommon",
             R"([{"any": [{"exact": {"x": "a"}}, {"exact": {"x": "b"}}]},
                 {"any": [{"exact": {"x": "b"}}, {"exact": {"x": "c"}}]},
                 {"any": [{"exact": {"x": "a"}}, {"exact": {"x": "c"}}]}])",
             "no event has all of (x = 'a' or x = 'b'), (x = 'b' or x = 'c') and"},
        Dead{"AFilterAndItsOpposite",
             R"([{"exact": {"type": "a"}}, {"not": {"exact": {"type": "a"}}}])",
             "'not (type = a)' leaves out every event that passes 'type = a'"},
        Dead{"AListAndItsOpposite",
             R"([{"any": [{"exact": {"x": "a"}}, {"exact": {"y": "a"}}]},
                 {"not": {"any": [{"exact": {"x": "a"}}, {"exact": {"y": "a"}}]}}])",
             "leaves out every event that passes 'x = a or y = a'"},
        Dead{"ThePrefixIsLeftOut",
             R"([{"exact": {"type": "a.b"}}, {"not": {"prefix": {"type": "a."}}}])",
             "'not (type starts with a.)' leaves out every event with type = 'a.b'"},
        Dead{"EveryAlternativeIsLeftOut",
             R"([{"any": [{"exact": {"type": "a.b"}}, {"exact": {"type": "a.c"}}]},
                 {"not": {"all": [{"prefix": {"type": "a."}}, {"prefix": {"type": "a"}}]}}])",
             "leaves out every event with (type = 'a.b' or type = 'a.c')"},
        Dead{"NotOfWhatAlwaysPasses",
             R"({"not": {"any": [{"exact": {"x": "a"}}, {"not": {"exact": {"x": "a"}}}]}})",
             "leaves out every event"},
        Dead{"NotOfNotOfADeadOne",
             R"({"not": {"not": {"all": [{"exact": {"x": "a"}}, {"exact": {"x": "b"}}]}}})",
             "leaves out every event"},
        Dead{"AnyOfDeadOnes",
             R"({"any": [{"all": [{"exact": {"x": "a"}}, {"exact": {"x": "b"}}]},
                         {"exact": {"specversion": "2"}}]})",
             "no event has both x = 'a' and x = 'b'; no event has specversion = '2'"},
        Dead{"AttributesOfAFilterAreLookedAt", R"({"attributes": {"specversion": "1"}})",
             "no event has specversion = '1': it is 1.0 or 0.3"},
        Dead{"SpecversionPrefix", R"([{"prefix": {"specversion": "2"}}])", "it is 1.0 or 0.3"},
        Dead{"TimeThatIsNone", R"([{"exact": {"time": "yesterday"}}])", "an RFC 3339 timestamp"},
        Dead{"BlankType", R"([{"exact": {"type": " "}}])", "it is never blank"},
        Dead{"ControlCharacter", R"([{"prefix": {"type": "a\nb"}}])", "its characters are not"},
        Dead{"TheDataIsNoAttribute", R"([{"exact": {"data": "x"}}])", "the data is no attribute"}),
    [](const auto& row) { return std::string(row.param.name); });

class MayMatch : public testing::TestWithParam<const char*> {};

TEST_P(MayMatch, IsNotCalledDead) {
  const auto reason = why_never(nlohmann::json::parse(GetParam()));
  EXPECT_FALSE(reason) << *reason;
}

INSTANTIATE_TEST_SUITE_P(
    Table, MayMatch,
    testing::Values(
        "null", "[]", R"({"attributes": {}})", R"({"attributes": {"x": ""}})",
        R"([{"exact": {"type": "a"}}, {"exact": {"type": "a"}}])",
        R"([{"exact": {"type": "a"}}, {"exact": {"source": "b"}}])",
        R"([{"prefix": {"type": "a"}}, {"prefix": {"type": "ab"}}])",
        R"([{"prefix": {"type": "a"}}, {"suffix": {"type": "b"}}])",
        R"([{"exact": {"type": "abc"}}, {"prefix": {"type": "ab"}}, {"suffix": {"type": "bc"}}])",
        R"([{"any": [{"exact": {"type": "a"}}, {"exact": {"type": "b"}}]},
            {"exact": {"type": "b"}}])",
        R"([{"any": [{"exact": {"type": "a"}}, {"exact": {"source": "b"}}]},
            {"exact": {"type": "c"}}])",
        R"([{"prefix": {"type": "a."}}, {"not": {"exact": {"type": "a.b"}}}])",
        R"([{"exact": {"type": "a", "x": "1"}}, {"not": {"exact": {"type": "a", "x": "2"}}}])",
        R"({"not": {"all": [{"exact": {"x": "a"}}, {"exact": {"x": "b"}}]}})",
        R"({"any": [{"all": [{"exact": {"x": "a"}}, {"exact": {"x": "b"}}]},
                    {"exact": {"x": "c"}}]})",
        R"([{"suffix": {"specversion": ".0"}}])", R"([{"prefix": {"time": "2026-"}}])",
        R"([{"exact": {"time": "2026-11-20T14:45:00Z"}}])", R"([{"prefix": {"type": " "}}])",
        R"([{"exact": {"datacontenttype": "no media type"}}])"));

TEST(WhyNever, TakesBoundedTimeAndTextForManyConditions) {
  auto many = nlohmann::json::array();
  for (int i = 0; i < 3000; ++i) {
    const std::string text = "v" + std::to_string(i);
    many.push_back({{"not", {{"prefix", {{"x", text}, {"y", text}}}}}});
    many.push_back({{"any", {{{"exact", {{"x", text}}}}, {{"suffix", {{"y", text}}}}}}});
  }
  EXPECT_LT(why_never(many).value_or("").size(), 1000U);
  EXPECT_LT(why_never({{"any", many}}).value_or("").size(), 1000U);
  for (auto& clause : many) clause = {{"exact", {{"x", clause.dump()}}}};
  const auto dead = why_never(many);
  ASSERT_TRUE(dead);
  EXPECT_LT(dead->size(), 1000U);
}

constexpr const char* kNames[] = {"type", "subject", "x"};

nlohmann::json draw_leaf() {
  const std::string dialect = *rc::gen::element<std::string>("exact", "exact", "prefix", "suffix");
  nlohmann::json wanted = nlohmann::json::object();
  const int count = *rc::gen::inRange(1, 3);
  for (int i = 0; i < count; ++i) {
    const std::string name = *rc::gen::element<std::string>("type", "subject", "x");
    wanted[name] = *rc::gen::element<std::string>("a", "b", "ab", "ba", "aba");
  }
  return {{dialect, wanted}};
}

nlohmann::json draw_filter(int depth) {
  const int kind = depth == 0 ? 0 : *rc::gen::inRange(0, 7);
  if (kind < 2) return draw_leaf();
  if (kind == 2) return {{"not", draw_filter(depth - 1)}};
  nlohmann::json children = nlohmann::json::array();
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) children.push_back(draw_filter(depth - 1));
  return {{kind < 5 ? "all" : "any", children}};
}

// Every event whose attributes have one of the values, or none.
std::vector<EventPtr> all_events() {
  const std::vector<std::string> values = {"", "a", "b", "ab", "ba", "aba", "abba", "baab", "c"};
  std::vector<EventPtr> events;
  for (const auto& type : values) {
    for (const auto& subject : values) {
      for (const auto& x : values) {
        Attributes attributes;
        if (!type.empty()) attributes[kNames[0]] = type;
        if (!subject.empty()) attributes[kNames[1]] = subject;
        if (!x.empty()) attributes[kNames[2]] = x;
        events.push_back(event_with(attributes));
      }
    }
  }
  return events;
}

RC_GTEST_PROP(WhyNever, IsSilentOfAFilterThatSomeEventPasses, ()) {
  static const std::vector<EventPtr> events = all_events();
  nlohmann::json written = nlohmann::json::array();
  for (int i = 0; i < 3; ++i) written.push_back(draw_filter(2));
  const auto reason = why_never(written);
  const FilterPtr filter = compile_filters(written).value();
  const bool passes =
      std::ranges::any_of(events, [&](const EventPtr& event) { return filter->matches(*event); });
  RC_CLASSIFY(reason.has_value(), "found out");
  RC_CLASSIFY(!reason && !passes, "not plain");
  if (reason && passes) RC_FAIL(filter_text(written) + ": " + *reason);
}

}  // namespace
}  // namespace sluice
