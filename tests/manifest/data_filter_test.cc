// What is checked: the dialect `data` in a Trigger: YAML becomes the filter it says, what is wrong
// in it is found where it stands, and --strict-knative refuses it with whatever else is Sluice's
// own.

#include "tests/manifest/manifest_support.h"

#include "event/event_builder.h"

namespace sluice {
namespace {

// A Trigger whose filters stand from line 7 on.
std::string trigger(const std::string& filters, const std::string& name = "it") {
  return "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: " + name +
         "}\nspec:\n  broker: orders\n  subscriber: {uri: http://127.0.0.1:9000/}\n" + filters;
}

bool passes(const std::string& filters, std::string_view data) {
  const auto loaded = load(trigger(filters) + kDeclared);
  EXPECT_TRUE(loaded.report.findings.empty()) << filters << describe(loaded.report);
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t").data(data, DataKind::json);
  const EventPtr event = builder.build();
  for (const DispatchSpec& spec : loaded.graph.brokers.at(0).triggers) {
    if (spec.name == "it") return spec.filter->matches(*event);
  }
  ADD_FAILURE() << "no Trigger";
  return false;
}

TEST(DataFilterInYaml, IsWhatItSays) {
  const std::string filters = R"(  filters:
  - data:
      order.status: [paid, shipped]
      /order/total: {numeric: [">", 100, "<=", 500]}
      customer.email:
      - suffix: "@example.com"
      - null
      order.coupon: {exists: false}
      order.express: true
)";
  EXPECT_TRUE(passes(filters, R"({"order":{"status":"paid","total":100.5,"express":true},
                                  "customer":{"email":"a@example.com"}})"));
  EXPECT_TRUE(passes(filters, R"({"order":{"status":"shipped","total":500,"express":"true"},
                                  "customer":{"email":null}})"));
  EXPECT_FALSE(passes(filters, R"({"order":{"status":"paid","total":100,"express":true},
                                   "customer":{"email":null}})"));
  EXPECT_FALSE(passes(filters, R"({"order":{"status":"paid","total":200,"express":true,
                                   "coupon":1},"customer":{"email":null}})"));
  EXPECT_TRUE(passes("  filters: [{data: {a: 5}}]\n", R"({"a":5.0})"));
  EXPECT_TRUE(passes("  filters: [{data: {a: 5}}]\n", R"({"a":"5"})"));
  EXPECT_TRUE(passes("  filters: [{data: {a: \"\"}}]\n", R"({"a":""})"));
  EXPECT_TRUE(passes("  filters: [{not: {data: {a: 5}}}]\n", R"({"a":6})"));
}

struct BadData {
  const char* name;
  const char* filters;  // From line 7 on.
  int line;
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadData& bad) { return out << bad.name; }
};

class BadDataFilterInYaml : public testing::TestWithParam<BadData> {};

TEST_P(BadDataFilterInYaml, IsRefusedWhereItIsBad) {
  const BadData& bad = GetParam();
  const std::string text = trigger(bad.filters);
  expect_refused({bad.name, text.c_str(), bad.line, bad.column, bad.message_part, bad.hint_part});
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadDataFilterInYaml,
    testing::Values(
        BadData{"List", "  filters: [{data: [a]}]", 7, 20, "data: want an object of paths"},
        BadData{"Empty", "  filters: [{data: {}}]", 7, 20, "data: want at least one path"},
        BadData{"Null", "  filters: [{data: }]", 7, 14, "'data' has no value"},
        BadData{"Path", "  filters:\n  - data:\n      a..b: x", 9, 7, "'a..b' is no path"},
        BadData{"PathBesideAGoodOne", "  filters:\n  - data:\n      a: x\n      $.b: x", 10, 7,
                "leave out the '$'"},
        BadData{"NoValue", "  filters:\n  - data:\n      a:", 9, 7, "'a' has no value",
                "write null for JSON's null"},
        BadData{"Tilde", "  filters:\n  - data:\n      a: [x, ~]", 9, 14, "'a' has no value"},
        BadData{"EmptyList", "  filters:\n  - data:\n      a: []", 9, 10, "the list is empty"},
        BadData{"Operator", "  filters:\n  - data:\n      a:\n      - x\n      - {prefx: y}", 11, 9,
                "data.a: no operator is called 'prefx'; did you mean 'prefix'?"},
        BadData{"Number", "  filters:\n  - data:\n      a: {numeric: [\">\", many]}", 9, 10,
                "data.a.numeric[1]: 'many' is no number"},
        BadData{"NoNumber", "  filters:\n  - data:\n      a: {numeric: [\">\", 5, \"<\", 3]}", 9,
                10, "no number is between 5 and 3"},
        BadData{"Both", "  filters:\n  - data:\n      a: [{exists: true}, {exists: false}]", 9, 10,
                "whether it is there or not"},
        BadData{"Deep", "  filters:\n  - any:\n    - not:\n        data: {a: x, b: {c: d}}", 10, 25,
                "a member of a member is one path"}),
    [](const auto& of) { return std::string(of.param.name); });

ManifestOptions strict() {
  ManifestOptions options;
  options.strict_knative = true;
  return options;
}

/// "line:column: text" of each error, where kDeclared is not there: it has an EventDisplay.
std::vector<std::string> strict_errors(const std::string& text) {
  std::vector<std::string> out;
  for (const Finding& finding : findings_of(load(text, strict()).report, Severity::error)) {
    out.push_back(std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " +
                  finding.message);
  }
  return out;
}

TEST(StrictKnative, RefusesFiltersOnDataWhereverTheyStand) {
  const std::string broker =
      "\n---\napiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: orders}\n";
  const std::string own = ": 'data' is Sluice's own dialect; --strict-knative takes Knative's only";
  EXPECT_EQ(strict_errors(trigger("  filters:\n  - exact: {type: t}\n  - data: {a: x}") + broker),
            std::vector<std::string>{"9:5" + own});
  EXPECT_EQ(strict_errors(trigger("  filters:\n  - any:\n    - not: {data: {a: x}}\n"
                                  "    - all: [{data: {a: x}}]") +
                          broker),
            (std::vector<std::string>{"9:13" + own, "10:14" + own}));
  EXPECT_TRUE(strict_errors(trigger("  filters: [{exact: {data: x}}]") + broker).empty());
  EXPECT_TRUE(load(trigger("  filters: [{data: {a: x}}]") + broker).report.findings.empty());
}

TEST(StrictKnative, RefusesWhatKnativeWouldNotTake) {
  const std::pair<const char*, const char*> rows[] = {
      {"apiVersion: sluice.dev/v1alpha1\nkind: EventDisplay\nmetadata: {name: it}\n",
       "2:7: 'EventDisplay' is Sluice's own kind"},
      {"apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: it}\nspec:\n"
       "  channelTemplate: {apiVersion: messaging.knative.dev/v1, kind: InMemoryChannel}\n",
       "5:3: 'channelTemplate' is Sluice's own field of a Broker"},
      {"apiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata: {name: it}\nspec:\n"
       "  channelTemplate:\n    apiVersion: sluice.dev/v1alpha1\n    kind: RedisChannel\n"
       "    spec: {address: \"redis://127.0.0.1\"}\n",
       "7:11: 'RedisChannel' is Sluice's own kind"},
      {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: it}\ndata:\n  channel-template-spec: |\n"
       "    apiVersion: sluice.dev/v1alpha1\n    kind: RedisChannel\n",
       "5:26: 'sluice.dev/' is Sluice's own group of kinds"},
      {"apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: {name: it}\nspec:\n"
       "  schedule: \"@every 5s\"\n  sink: {uri: http://127.0.0.1:9000/}\n",
       "5:13: '@every' is Sluice's own schedule"},
      {"apiVersion: flows.knative.dev/v1\nkind: Sequence\n"
       "metadata: {name: it, annotations: {sluice.dev/plain-reply: wrap}}\n"
       "spec: {steps: [{uri: http://127.0.0.1:9000/}]}\n",
       "3:60: 'sluice.dev/plain-reply' is Sluice's own annotation"},
  };
  for (const auto& [text, error] : rows) {
    const auto errors = strict_errors(text);
    ASSERT_EQ(errors.size(), 1U) << text << describe(load(text, strict()).report);
    EXPECT_EQ(errors[0], std::string(error) + "; --strict-knative takes Knative's only");
    EXPECT_TRUE(findings_of(load(text).report, Severity::error).empty()) << text;
  }
}

}  // namespace
}  // namespace sluice
