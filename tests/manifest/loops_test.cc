// What is checked: replies that surely come back to who makes them are warned of, at the Trigger,
// as far as a reply is known before there is one; what a filter may end is not warned of. Method:
// small sets of manifests, the warnings of circles in the report and the loops in the graph.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

// Broker b and the model q, behind what a test writes, so that its lines count from 1.
constexpr const char* kModel =
    "---\napiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
    "---\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: q}\n"
    "spec: {predictor: {model: {modelFormat: {name: huggingface}, storageUri: /no/such}}}\n";

constexpr const char* kAsksModel =
    "  subscriber: {ref: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: "
    "q}}\n";
constexpr const char* kAsksSink =
    "  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: InferenceSink, name: s}}\n";

std::string trigger(const std::string& name, const std::string& spec) {
  return "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: " + name +
         "}\nspec:\n  broker: b\n" + spec + "---\n";
}

std::string filters(const std::string& list) { return "  filters: " + list + "\n"; }

// `more` is flow YAML behind the model.
std::string sink(const std::string& more) {
  return "apiVersion: sluice.dev/v1alpha1\nkind: InferenceSink\nmetadata: {name: s}\nspec:\n"
         "  model: {ref: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: "
         "q}}\n" +
         more;
}

std::vector<Finding> circles_of(const LoadedManifests& loaded) {
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  auto warnings = findings_of(loaded.report, Severity::warning);
  std::erase_if(warnings, [](const Finding& warning) {
    return warning.message.find("in a circle") == std::string::npos;
  });
  EXPECT_EQ(warnings.size(), loaded.graph.loops.size());
  return warnings;
}

struct Circle {
  int line;
  std::string message;
  std::string hint_part;
};

void expect_circle(const std::string& text, const Circle& expected) {
  const auto loaded = load(text + kModel);
  const auto circles = circles_of(loaded);
  ASSERT_EQ(circles.size(), 1U) << describe(loaded.report);
  EXPECT_EQ(circles[0].line, expected.line) << describe(loaded.report);
  EXPECT_EQ(circles[0].message, expected.message);
  EXPECT_NE(circles[0].hint.find(expected.hint_part), std::string::npos) << circles[0].hint;
}

void expect_none(const std::string& text) {
  const auto loaded = load(text + kModel);
  EXPECT_TRUE(circles_of(loaded).empty()) << describe(loaded.report);
}

TEST(Loops, OfAModelThatIsAskedWithAllEvents) {
  expect_circle(
      trigger("t", kAsksSink) + sink(""),
      {3, "events run in a circle: /default/b -> /default/inferencesinks/s -> /default/b",
       "a reply of type 'dev.sluice.inference.completion' is answered again; the hop count ends "
       "it after 255 rounds; add a filter"});
}

TEST(Loops, OfAFilterThatPassesTheReply) {
  const char* const passing[] = {
      "[{prefix: {type: dev.sluice.}}]",
      "[{exact: {source: /default/inferencesinks/s, specversion: \"1.0\"}}]",
      "[{not: {exact: {type: com.example.asked}}}]",
      "[{not: {exact: {final: \"yes\"}}}]",  // The reply has no such extension.
      "[{any: [{exact: {type: x}}, {prefix: {datacontenttype: text/}}]}]"};
  for (const char* list : passing) {
    SCOPED_TRACE(list);
    expect_circle(
        trigger("t", filters(list) + kAsksSink) + sink(""),
        {3, "events run in a circle: /default/b -> /default/inferencesinks/s -> /default/b",
         "the hop count ends it"});
  }
}

TEST(Loops, NotWhereTheFilterLeavesTheReplyOutOrMay) {
  for (const char* list :
       {"[{exact: {type: com.example.asked}}]", "[{not: {prefix: {type: dev.sluice.inference.}}}]",
        "[{exact: {finishreason: stop}}]", "[{not: {exact: {finishreason: stop}}}]",
        "[{not: {prefix: {id: a}}}]", "[{not: {exact: {partitionkey: a}}}]"}) {
    SCOPED_TRACE(list);
    expect_none(trigger("t", filters(list) + kAsksSink) + sink(""));
  }
}

TEST(Loops, NotOfATriggerThatNeverMatches) {
  expect_none(
      trigger("t", filters("[{prefix: {type: dev.sluice.}}, {exact: {type: x}}]") + kAsksSink) +
      sink(""));
}

TEST(Loops, AreNoneOfCompletionsWhichAModelRefuses) {
  const std::string takes_all = trigger("t", kAsksModel);
  const std::string takes_completions =
      trigger("t", kAsksSink) + sink("  reply: {data: completion}\n");
  for (const std::string& text : {takes_all, takes_completions}) {
    const auto loaded = load(text + kModel);
    EXPECT_TRUE(circles_of(loaded).empty()) << describe(loaded.report);
    const auto warnings = findings_of(loaded.report, Severity::warning);
    const auto refused = std::ranges::find_if(warnings, [](const Finding& warning) {
      return warning.message ==
             "Trigger 'default/t' gets replies of type 'dev.sluice.inference.completion', which a "
             "model refuses: a completion asks nothing";
    });
    ASSERT_NE(refused, warnings.end()) << describe(loaded.report);
    EXPECT_EQ(refused->line, 3);
  }
  expect_circle(
      trigger("t", kAsksSink) +
          sink("  prompt: {user: \"{{ data }}\"}\n  reply: {data: completion}\n"),
      {3, "events run in a circle: /default/b -> /default/inferencesinks/s -> /default/b", ""});
}

TEST(Loops, NotOfJsonThatAModelMayRefuse) {
  expect_none(trigger("t", kAsksSink) +
              sink("  output: {schema: {type: object, properties: {a: {type: string}}, "
                   "required: [a], additionalProperties: false}}\n"));
}

TEST(Loops, OfTwoTriggersThatAnswerOneAnother) {
  const std::string text =
      trigger("ask", filters("[{exact: {type: com.example.answered}}]") + kAsksModel) +
      trigger("answer", filters("[{prefix: {type: dev.sluice.}}]") + kAsksSink) +
      sink("  prompt: {user: \"{{ data }}\"}\n  reply: {type: com.example.answered}\n");
  expect_circle(text,
                {3,
                 "events run in a circle: /default/b -> /default/inferencesinks/s -> /default/b "
                 "-> /default/inferenceservices/q -> /default/b",
                 "of type 'dev.sluice.inference.completion' is answered again"});
}

TEST(Loops, OfOneOfSeveralChoices) {
  const std::string chooses =
      sink("  output: {choice: [ask, done]}\n  reply: {type: 'com.example.{{ output }}'}\n");
  expect_circle(
      trigger("t", filters("[{exact: {type: com.example.ask}}]") + kAsksSink) + chooses,
      {3, "events may run in a circle: /default/b -> /default/inferencesinks/s -> /default/b",
       "a reply of type 'com.example.ask' is answered again"});
  expect_none(trigger("t", filters("[{exact: {type: com.example.other}}]") + kAsksSink) + chooses);
}

TEST(Loops, OfAChoiceInAnExtension) {
  const std::string chooses = sink(
      "  output: {choice: [ask, done]}\n"
      "  reply: {type: com.example.t, extensions: {next: '{{ output }}'}}\n");
  expect_circle(
      trigger("t", filters("[{exact: {next: ask}}]") + kAsksSink) + chooses,
      {3, "events may run in a circle: /default/b -> /default/inferencesinks/s -> /default/b", ""});
  expect_none(trigger("t", filters("[{exact: {next: other}}]") + kAsksSink) + chooses);
}

TEST(Loops, NotOfAReplyWhoseTypeIsNotKnown) {
  for (const char* type : {"{{ output }}", "{{ type }}.answered", "{{ data.type }}"}) {
    expect_none(trigger("t", kAsksSink) + sink("  reply: {type: '" + std::string(type) + "'}\n"));
  }
}

TEST(Loops, OfWrappedAnswers) {
  const std::string wraps =
      "apiVersion: eventing.knative.dev/v1\nkind: Trigger\n"
      "metadata: {name: t, annotations: {sluice.dev/plain-reply: wrap}}\nspec:\n  broker: b\n"
      "  subscriber: {uri: http://h/}\n";
  expect_circle(wraps, {3, "events may run in a circle: /default/b -> /default/b",
                        "a reply of type 'dev.sluice.http.response' is answered again"});
  expect_none(wraps + filters("[{prefix: {type: com.example.}}]"));
}

TEST(Loops, NotOfAReplyFromAUrl) { expect_none(trigger("t", "  subscriber: {uri: http://h/}\n")); }

TEST(Loops, OfAFlowWhoseLastReplyIsKnown) {
  const std::string flow =
      "apiVersion: flows.knative.dev/v1\nkind: Sequence\nmetadata: {name: f}\nspec:\n"
      "  steps:\n  - uri: http://h/\n"
      "  - ref: {apiVersion: sluice.dev/v1alpha1, kind: InferenceSink, name: s}\n"
      "  reply: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: b}}\n---\n" +
      sink("  reply: {type: com.example.thought}\n");
  const std::string to_flow =
      "  subscriber: {ref: {apiVersion: flows.knative.dev/v1, kind: Sequence, name: f}}\n";
  expect_circle(trigger("t", filters("[{prefix: {type: com.example.}}]") + to_flow) + flow,
                {16,
                 "events run in a circle: /default/b -> /default/sequences/f -> "
                 "/default/inferencesinks/s -> /default/b",
                 "a reply of type 'com.example.thought' is answered again; the hop count"});
  expect_none(trigger("t", filters("[{exact: {type: com.example.said}}]") + to_flow) + flow);
}

TEST(Loops, NotBehindWhoNeverAnswers) {
  expect_none(
      "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata: {name: s}\nspec:\n"
      "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}\n"
      "  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: EventDisplay, name: d}}\n"
      "  reply: {ref: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}}\n"
      "---\napiVersion: messaging.knative.dev/v1\nkind: Channel\nmetadata: {name: c}\n"
      "---\napiVersion: sluice.dev/v1alpha1\nkind: EventDisplay\nmetadata: {name: d}\n");
}

TEST(Loops, AreInTheGraphWithAllTheyLeadThrough) {
  const auto loaded = load(trigger("t", kAsksSink) + sink("") + kModel);
  ASSERT_EQ(loaded.graph.loops.size(), 1U);
  const EventLoop& loop = loaded.graph.loops[0];
  EXPECT_EQ(loop.addresses,
            (std::vector<std::string>{"/default/b", "/default/inferencesinks/s", "/default/b"}));
  ASSERT_EQ(loop.parts.size(), 1U);
  EXPECT_EQ(loop.parts[0].kind + " " + loop.parts[0].ns + "/" + loop.parts[0].name,
            "Trigger default/t");
}

TEST(Loops, OfManyTriggersAreFoundInBoundedTime) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    const std::string type = "com.example.t" + std::to_string(i);
    text +=
        trigger("t" + std::to_string(i), filters("[{exact: {type: " + type + "}}]") + kAsksSink);
  }
  expect_none(text + sink("  reply: {type: com.example.answered}\n"));
}

}  // namespace
}  // namespace sluice
