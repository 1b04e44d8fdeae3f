// What is checked: a filter's explanation of an event: its tree, what it found in each leaf, the
// nearest miss, and that it says what matches() does. Method: compiled filters on events of a few
// attributes; a table of slips, and of differences that are none.

#include "filter/explain.h"

#include "tests/filter/draw_filter.h"

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>

namespace sluice {
namespace {

using testing::TestWithParam;
using testing::Values;

TEST(Explain, HasTheTreeOfTheManifest) {
  const FilterPtr filter = compiled_list(
      R"([{"prefix":{"type":"com.example."}},
          {"any":[{"exact":{"tenant":"acme"}},{"not":{"suffix":{"subject":"/test"}}}]}])");
  const auto explanation = filter->explain(
      *event_with({{"type", "com.example.order"}, {"tenant", "b"}, {"subject", "a/test"}}));
  EXPECT_EQ(explanation.clause, "all");
  EXPECT_FALSE(explanation.passes);
  ASSERT_EQ(explanation.parts.size(), 2U);
  const Explanation& prefix = explanation.parts[0];
  EXPECT_EQ(prefix.clause, "prefix");
  EXPECT_TRUE(prefix.passes);
  ASSERT_EQ(prefix.parts.size(), 1U);
  EXPECT_EQ(prefix.parts[0].clause, "type starts with com.example.");
  const Explanation& any = explanation.parts[1];
  EXPECT_EQ(any.clause, "any");
  EXPECT_FALSE(any.passes);
  ASSERT_EQ(any.parts.size(), 2U);
  EXPECT_EQ(any.parts[0].parts.at(0).clause, "tenant = acme");
  EXPECT_EQ(any.parts[1].clause, "not");
  EXPECT_FALSE(any.parts[1].passes);
  EXPECT_TRUE(any.parts[1].parts.at(0).passes);
}

TEST(Explain, SaysWhatALeafHasSeen) {
  const FilterPtr filter = compiled(R"({"exact":{"tenant":"acme"}})");
  const auto leaf = [&](const Attributes& attributes) {
    return filter->explain(*event_with(attributes)).parts.at(0);
  };
  const Explanation met = leaf({{"tenant", "acme"}});
  EXPECT_TRUE(met.passes);
  EXPECT_EQ(met.attribute, "tenant");
  EXPECT_EQ(met.seen, "acme");
  EXPECT_EQ(met.hint, "");
  EXPECT_EQ(leaf({{"tenant", "other"}}).seen, "other");
  EXPECT_EQ(leaf({}).seen, std::nullopt);
}

TEST(Explain, SaysWhatAnAttributesFilterWants) {
  const auto explanation =
      compiled_attributes(R"({"tenant":"","type":"t"})")->explain(*event_with({{"tenant", ""}}));
  EXPECT_EQ(explanation.clause, "attributes");
  ASSERT_EQ(explanation.parts.size(), 2U);
  EXPECT_EQ(explanation.parts[0].clause, "tenant is present");
  EXPECT_FALSE(explanation.parts[0].passes);
  EXPECT_EQ(explanation.parts[0].hint, "it is there, but empty");
  EXPECT_EQ(explanation.parts[1].clause, "type = t");
  EXPECT_TRUE(explanation.parts[1].passes);
}

TEST(Explain, KeepsTheStartOfALongValue) {
  const std::string value(kMaxSeenBytes - 1, 'a');
  const auto seen_of = [](const std::string& text) {
    return compiled(R"({"exact":{"x":"a"}})")->explain(*event_with({{"x", text}})).parts.at(0).seen;
  };
  EXPECT_EQ(seen_of(value + "b"), value + "b");
  EXPECT_EQ(seen_of(value + "bc"), value + "b...");
  EXPECT_EQ(seen_of(value + "ü"), value + "...") << "no character is cut in two";
}

struct Miss {
  const char* name;
  const char* filter;
  Attributes attributes;
  const char* hint;
};

void PrintTo(const Miss& miss, std::ostream* out) { *out << miss.name; }

class NearestMiss : public TestWithParam<Miss> {};

TEST_P(NearestMiss, IsTold) {
  const Miss& miss = GetParam();
  const auto explanation = compiled(miss.filter)->explain(*event_with(miss.attributes));
  ASSERT_EQ(explanation.parts.size(), 1U);
  EXPECT_FALSE(explanation.passes);
  EXPECT_EQ(explanation.parts[0].hint, miss.hint);
}

constexpr const char* kExactType = R"({"exact":{"type":"com.example.order"}})";
constexpr const char* kPrefixType = R"({"prefix":{"type":"com.example.order."}})";
constexpr const char* kSuffixType = R"({"suffix":{"type":".order.created"}})";

INSTANTIATE_TEST_SUITE_P(
    Exact, NearestMiss,
    Values(Miss{"Case", kExactType, {{"type", "com.Example.Order"}}, "differs only in case"},
           Miss{"Swap",
                kExactType,
                {{"type", "com.exmaple.order"}},
                "1 edit away: 'ma' for 'am' at character 7"},
           Miss{"Replaced",
                kExactType,
                {{"type", "com_example.order"}},
                "1 edit away: '_' for '.' at character 4"},
           Miss{"Missing",
                kExactType,
                {{"type", "com.example.oder"}},
                "1 edit away: 'r' is missing at character 14"},
           Miss{"TooMuch",
                kExactType,
                {{"type", "com.example.orders"}},
                "1 edit away: 's' is too much at character 18"},
           Miss{"TwoEdits", kExactType, {{"type", "comm.example.orde"}}, "2 edits away"},
           Miss{"Umlaut",
                R"({"exact":{"subject":"größe"}})",
                {{"subject", "große"}},
                "1 edit away: 'o' for 'ö' at character 3"},
           Miss{"HalfACharacterAlike",
                R"({"exact":{"subject":"größe"}})",
                {{"subject", "grüße"}},
                "1 edit away: 'ü' for 'ö' at character 3"},
           Miss{"Starts",
                kExactType,
                {{"type", "com.example.order.created"}},
                "a prefix with this value would pass"},
           Miss{"Ends",
                kExactType,
                {{"type", "https://com.example.order"}},
                "a suffix with this value would pass"},
           Miss{"Inside",
                kExactType,
                {{"type", "x-com.example.order-v1-beta"}},
                "it has the value in its middle"},
           Miss{"Short", kExactType, {{"type", "com.example"}}, "'.order' is missing at its end"},
           Miss{"ShortAtStart",
                kExactType,
                {{"type", "example.order"}},
                "'com.' is missing at its start"},
           Miss{"SpaceInEvent",
                R"({"exact":{"x":"a b"}})",
                {{"x", "a b "}},
                "the event's value has white space at its end"},
           Miss{"SpacesInEvent",
                R"({"exact":{"x":"abc"}})",
                {{"x", " abc\u00a0"}},
                "the event's value has white space at both its ends"},
           Miss{"SpaceInFilter",
                R"({"exact":{"x":" abc"}})",
                {{"x", "abc"}},
                "the filter's value has white space at its start"},
           Miss{"Wildcard",
                R"({"exact":{"type":"com.example.*"}})",
                {{"type", "com.example.order"}},
                "'*' is no wildcard; the prefix 'com.example.' would pass"},
           Miss{"WildcardInFront",
                R"({"exact":{"type":"*.created"}})",
                {{"type", "order.created"}},
                "'*' is no wildcard; the suffix '.created' would pass"}));

INSTANTIATE_TEST_SUITE_P(
    Prefix, NearestMiss,
    Values(
        Miss{"Case", kPrefixType, {{"type", "COM.example.order.created"}}, "differs only in case"},
        Miss{"Swap",
             kPrefixType,
             {{"type", "com.exmaple.order.created"}},
             "its start is 1 edit away: 'ma' for 'am' at character 7"},
        Miss{"Missing",
             kPrefixType,
             {{"type", "com.example.order"}},
             "its start is 1 edit away: '.' is missing at character 18"},
        Miss{"TooMuch",
             kPrefixType,
             {{"type", "com.example.orders.created"}},
             "its start is 1 edit away: 's' is too much at character 18"},
        Miss{"Short", kPrefixType, {{"type", "com.example"}}, "'.order.' is missing at its end"},
        Miss{"Space",
             kPrefixType,
             {{"type", " com.example.order.created"}},
             "the event's value has white space at its start"},
        Miss{"Wildcard",
             R"({"prefix":{"type":"com.example.*"}})",
             {{"type", "com.example.order"}},
             "'*' is no wildcard; the prefix 'com.example.' would pass"},
        Miss{"Ends",
             R"({"prefix":{"type":"created"}})",
             {{"type", "order.created"}},
             "a suffix with this value would pass"},
        Miss{"Inside",
             R"({"prefix":{"type":"order"}})",
             {{"type", "com.order.created"}},
             "it has the value, but not at its start"}));

INSTANTIATE_TEST_SUITE_P(
    Suffix, NearestMiss,
    Values(Miss{"Case", kSuffixType, {{"type", "com.order.Created"}}, "differs only in case"},
           Miss{"Swap",
                kSuffixType,
                {{"type", "com.example.order.craeted"}},
                "its end is 1 edit away: 'ae' for 'ea'"},
           Miss{"Missing",
                kSuffixType,
                {{"type", "com.example.order.create"}},
                "its end is 1 edit away: 'd' is missing"},
           Miss{"TooMuch",
                kSuffixType,
                {{"type", "com.example.order.created2"}},
                "its end is 1 edit away: '2' is too much"},
           Miss{"Starts",
                R"({"suffix":{"type":"order"}})",
                {{"type", "order.created"}},
                "a prefix with this value would pass"},
           Miss{"Inside",
                R"({"suffix":{"type":"order"}})",
                {{"type", "com.order.created"}},
                "it has the value, but not at its end"}));

INSTANTIATE_TEST_SUITE_P(OtherAttributes, NearestMiss,
                         Values(Miss{"NearName",
                                     R"({"exact":{"tenant":"acme"}})",
                                     {{"tennant", "acme"}},
                                     "the event has 'tennant', which is 'acme'"},
                                Miss{"SameValue",
                                     R"({"exact":{"subject":"/orders"}})",
                                     {{"source", "/orders"}},
                                     "'source' has this value"},
                                Miss{"SameValueWhereItIsAbsent",
                                     R"({"exact":{"customer":"acme"}})",
                                     {{"subject", "acme"}},
                                     "'subject' has this value"},
                                Miss{"SameStart",
                                     R"({"prefix":{"subject":"/orders"}})",
                                     {{"source", "/orders/7"}, {"subject", "x"}},
                                     "'source' starts with it"},
                                Miss{"SameEnd",
                                     R"({"suffix":{"subject":"/orders"}})",
                                     {{"source", "/shop/orders"}},
                                     "'source' ends with it"},
                                Miss{"ASlipIsNearer",
                                     R"({"exact":{"subject":"/orders"}})",
                                     {{"source", "/orders"}, {"subject", "/order"}},
                                     "1 edit away: 's' is missing at character 7"}));

INSTANTIATE_TEST_SUITE_P(
    NothingNear, NearestMiss,
    Values(
        Miss{"Different", kExactType, {{"type", "dev.knative.ping"}}, ""},
        Miss{"OtherWord", R"({"exact":{"type":"order.created"}})", {{"type", "order.deleted"}}, ""},
        Miss{"ShortValues", R"({"exact":{"x":"eu"}})", {{"x", "us"}}, ""},
        Miss{"OneLetterElsewhere", R"({"exact":{"x":"1"}})", {{"id", "1"}}, ""},
        Miss{"Absent", R"({"exact":{"tenant":"acme"}})", {}, ""},
        Miss{"EmptyValue", R"({"exact":{"tenant":"acme"}})", {{"tenant", ""}}, ""},
        Miss{"PrefixOfOther", R"({"prefix":{"type":"com."}})", {{"type", "org.x"}}, ""},
        Miss{"OnlyAsterisk", R"({"exact":{"x":"*"}})", {{"x", "a"}}, ""}));

TEST(NearestMissOf, AnythingAtAllIsAnotherName) {
  const EventPtr event = event_with({{"tenant", "acme"}, {"blank", ""}});
  EXPECT_EQ(nearest_miss(*event, {"tenant", "is", "", false}), "");
  EXPECT_EQ(nearest_miss(*event, {"blank", "is", "", false}), "it is there, but empty");
  EXPECT_EQ(nearest_miss(*event, {"tennant", "is", "", false}),
            "the event has 'tenant', which is 'acme'");
}

TEST(NearestMissOf, LongValuesIsFoundWhereTheyDiffer) {
  const std::string start(500'000, 'a');
  const nlohmann::json filter = {{"exact", {{"x", start + "bcd" + start}}}};
  const auto explanation =
      compiled(filter.dump())->explain(*event_with({{"x", start + "bcd" + start + "e"}}));
  EXPECT_EQ(explanation.parts.at(0).hint, "1 edit away: 'e' is too much at character 1000004");
}

TEST(NearestMissOf, LongValuesThatDifferEarlyIsNotSearched) {
  const std::string rest(500'000, 'a');
  for (const char* dialect : {"exact", "prefix", "suffix"}) {
    const nlohmann::json filter = {{dialect, {{"x", "b" + rest + "b"}}}};
    const auto explanation =
        compiled(filter.dump())->explain(*event_with({{"x", "c" + rest + "c"}}));
    EXPECT_EQ(explanation.parts.at(0).hint, "") << dialect;
  }
}

TEST(NearestMissOf, AnAbsentAttributeMayBeInTheData) {
  const FilterPtr filter = compiled(R"({"exact":{"orderid":"7"}})");
  const auto hint_for = [&](std::string_view data, DataKind kind) {
    EventBuilder builder;
    builder.set("id", "1").set("source", "/s").set("type", "t");
    builder.data(data, kind);
    return filter->explain(*builder.build()).parts.at(0).hint;
  };
  EXPECT_EQ(hint_for(R"({"a":{"b":1},"orderId":"7"})", DataKind::json),
            "'orderId' is in the data, and this filter looks at attributes only");
  EXPECT_EQ(hint_for(R"({"a":{"orderid":"7"}})", DataKind::json), "");
  EXPECT_EQ(hint_for(R"({"orderid":"7"})", DataKind::bytes), "") << "nobody says it is JSON";
  EXPECT_EQ(hint_for("[1]", DataKind::json), "");
  EXPECT_EQ(hint_for(R"({"x":")" + std::string(100'000, 'a') + R"(","orderid":1})", DataKind::json),
            "")
      << "large data is left alone";
}

// What matches() says, by the tree. CESQL's own clauses are in capitals and have errors besides.
void expect_true_to_its_parts(const Explanation& clause) {
  if (clause.clause == "not") {
    RC_ASSERT(clause.passes != clause.parts.at(0).passes);
  } else if (clause.clause == "any") {
    RC_ASSERT(clause.passes == std::ranges::any_of(clause.parts, &Explanation::passes));
  } else if (!clause.parts.empty() && !std::isupper(clause.clause.front())) {
    RC_ASSERT(clause.passes == std::ranges::all_of(clause.parts, &Explanation::passes));
  }
  if (clause.passes) RC_ASSERT(clause.hint.empty());
  for (const Explanation& part : clause.parts) expect_true_to_its_parts(part);
}

RC_GTEST_PROP(Explain, SaysWhatMatchesSays, ()) {
  const FilterPtr filter = compile_filter(draw_filter(4)).value();
  const EventPtr event = draw_small_event();
  const Explanation explanation = filter->explain(*event);
  RC_ASSERT(explanation.passes == filter->matches(*event));
  expect_true_to_its_parts(explanation);
}

// Values that are near each other, and bytes that are no UTF-8 among them.
std::string draw_value() {
  const auto letters = *rc::gen::container<std::string>(
      rc::gen::element('a', 'b', 'A', ' ', '*', '.', '\xc3', '\xbc', '\xa0'));
  return letters;
}

RC_GTEST_PROP(NearestMissOf, AnyTwoValuesIsText, ()) {
  const std::string wanted = draw_value();
  const std::string seen = draw_value();
  for (const std::string_view verb : {"=", "starts with", "ends with"}) {
    const std::string hint = nearest_miss(*event_with({{"x", seen}}), {"x", verb, wanted, false});
    RC_ASSERT(nlohmann::json::accept(nlohmann::json(hint).dump()));
  }
}

TEST(Explain, DoesNotWalkALongValueForAHint) {
  const std::string value = std::string(1'000'000, ' ') + "acme";
  const EventPtr event = event_with({{"tenant", value}});
  const Explanation all = compiled(R"({"exact":{"tenant":"acme"}})")->explain(*event);
  EXPECT_FALSE(all.passes);
  EXPECT_EQ(all.parts[0].hint.find("white space"), std::string::npos) << all.parts[0].hint;
}

}  // namespace
}  // namespace sluice
