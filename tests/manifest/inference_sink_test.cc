// What is checked: an InferenceSink becomes the spec that it describes, with its schema and
// parameters typed as YAML 1.2 has it; what is wrong with one is said where it stands, and brings
// no second error with it. Method: manifests in, specs or findings out.

#include "tests/manifest/manifest_support.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

// Eight lines, to be followed by what differs.
std::string sink(const std::string& rest) {
  return "apiVersion: sluice.dev/v1alpha1\nkind: InferenceSink\nmetadata: {name: triage}\nspec:\n"
         "  model:\n    ref:\n      {apiVersion: serving.kserve.io/v1beta1, kind: "
         "InferenceService,\n      name: qwen}\n" +
         rest;
}

const std::string kModel =
    "---\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: qwen}\n"
    "spec: {predictor: {model: {modelFormat: {name: huggingface}, storageUri: /no/such}}}\n";

InferenceSinkSpec spec_of(const std::string& rest) {
  const auto loaded = load(sink(rest) + kModel);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  EXPECT_EQ(loaded.graph.inference_sinks.size(), 1U);
  return loaded.graph.inference_sinks.empty() ? InferenceSinkSpec()
                                              : loaded.graph.inference_sinks[0];
}

TEST(InferenceSink, HasDefaults) {
  const auto spec = spec_of("");
  EXPECT_EQ(spec.ns, "default");
  EXPECT_EQ(spec.name, "triage");
  EXPECT_EQ(spec.model, "/default/inferenceservices/qwen");
  EXPECT_EQ(spec.system_prompt, "");
  EXPECT_EQ(spec.user_prompt, "");
  EXPECT_EQ(spec.parameters, nlohmann::json::object());
  EXPECT_EQ(spec.schema, "");
  EXPECT_TRUE(spec.choices.empty());
  EXPECT_EQ(spec.reply_type, "dev.sluice.inference.completion");
  EXPECT_EQ(spec.reply_source, "");
  EXPECT_EQ(spec.reply_subject, "");
  EXPECT_TRUE(spec.reply_extensions.empty());
  EXPECT_EQ(spec.reply_data, ReplyData::output);
}

TEST(InferenceSink, ReadsEveryField) {
  const auto spec = spec_of(R"(  prompt:
    system: "Decide what to do."
    user: "{{ data.text }} from {{ source }}"
  parameters: {max_tokens: 64, temperature: 0, top_p: .9, top_k: -1, min_p: 0.1, seed: 7,
    presence_penalty: -1.5, frequency_penalty: 2, repetition_penalty: 1e0,
    stop: [a, "1"], enable_thinking: false, max_thinking_tokens: 0}
  output:
    schema:
      type: object
      required: [action, amount]
      properties:
        zeta: {type: string}
        action: {enum: [drink, wait]}
        amount: {type: integer, minimum: 0, maximum: 0x10}
  reply:
    type: com.example.{{ output.action }}
    source: /triage/{{ subject }}
    subject: "{{ id }}"
    extensions: {action: "{{ output.action }}", level: 5}
    data: completion
)");
  EXPECT_EQ(spec.system_prompt, "Decide what to do.");
  EXPECT_EQ(spec.user_prompt, "{{ data.text }} from {{ source }}");
  EXPECT_EQ(spec.parameters, nlohmann::json::parse(R"({"max_tokens": 64, "temperature": 0,
    "top_p": 0.9, "top_k": -1, "min_p": 0.1, "seed": 7, "presence_penalty": -1.5,
    "frequency_penalty": 2, "repetition_penalty": 1.0, "stop": ["a", "1"],
    "enable_thinking": false, "max_thinking_tokens": 0})"));
  EXPECT_EQ(spec.schema, R"({"type":"object","required":["action","amount"],"properties":{)"
                         R"("zeta":{"type":"string"},"action":{"enum":["drink","wait"]},)"
                         R"("amount":{"type":"integer","minimum":0,"maximum":16}}})");
  EXPECT_EQ(spec.reply_type, "com.example.{{ output.action }}");
  EXPECT_EQ(spec.reply_source, "/triage/{{ subject }}");
  EXPECT_EQ(spec.reply_subject, "{{ id }}");
  EXPECT_THAT(spec.reply_extensions,
              testing::ElementsAre(testing::Pair("action", "{{ output.action }}"),
                                   testing::Pair("level", "5")));
  EXPECT_EQ(spec.reply_data, ReplyData::completion);
}

TEST(InferenceSink, ReadsChoices) {
  const auto spec = spec_of("  output: {choice: [yes, \"no\", 5, a b]}\n");
  EXPECT_THAT(spec.choices, testing::ElementsAre("yes", "no", "5", "a b"));
  EXPECT_EQ(spec.schema, "");
}

TEST(InferenceSink, TakesNullForAbsent) {
  const auto spec = spec_of("  prompt:\n  parameters: {seed: ~}\n  output: {schema: null}\n");
  EXPECT_EQ(spec.parameters, nlohmann::json::object());
  EXPECT_EQ(spec.schema, "");
}

TEST(InferenceSink, TypesScalarsOfItsSchemaAsYamlDoes) {
  const struct {
    const char* yaml;
    const char* json;
  } table[] = {
      {"5", "5"},
      {"-0", "0"},
      {"+7", "7"},
      {"007", "7"},
      {"0o17", "15"},
      {"0xFf", "255"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.50", "1.5"},
      {"-.5", "-0.5"},
      {"1.", "1.0"},
      {"1e3", "1000.0"},
      {"true", "true"},
      {"FALSE", "false"},
      {"~", "null"},
      {"null", "null"},
      {"\"5\"", "\"5\""},
      {"'true'", "\"true\""},
      {"!!str 5", "\"5\""},
      {"yes", "\"yes\""},
      {"+-5", "\"+-5\""},
      {"1_000", "\"1_000\""},
      {"0x", "\"0x\""},
      {"inf", "\"inf\""},
      {"\"${SLUICE_TEST_UNSET:-5}\"", "5"},
      {"\"${SLUICE_TEST_UNSET:-x}\"", "\"x\""},
      {"&a 5", "5"},
      {"{b: [1, {c: d}]}", R"({"b":[1,{"c":"d"}]})"},
  };
  for (const auto& row : table) {
    const auto spec =
        spec_of("  output: {schema: {type: string, default: " + std::string(row.yaml) + "}}\n");
    EXPECT_EQ(spec.schema, R"({"type":"string","default":)" + std::string(row.json) + "}")
        << row.yaml;
  }
}

TEST(InferenceSink, FollowsAliasesInItsSchema) {
  const auto spec = spec_of(
      "  output:\n    schema:\n      type: object\n      properties:\n"
      "        a: &text {type: string, maxLength: 9}\n        b: *text\n");
  EXPECT_EQ(spec.schema, R"({"type":"object","properties":{"a":{"type":"string","maxLength":9},)"
                         R"("b":{"type":"string","maxLength":9}}})");
}

TEST(InferenceSink, FindsItsModelInAnotherNamespace) {
  const std::string elsewhere =
      "---\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n"
      "metadata: {name: qwen, namespace: models}\n"
      "spec: {predictor: {model: {modelFormat: {name: huggingface}, storageUri: /m}}}\n";
  std::string text = sink("");
  text.replace(text.find("name: qwen"), 10, "name: qwen, namespace: models");
  const auto loaded = load(text + elsewhere);
  ASSERT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  EXPECT_EQ(loaded.graph.inference_sinks.at(0).model, "/models/inferenceservices/qwen");
  EXPECT_EQ(loaded.graph.resources.at(0).path, "/default/inferencesinks/triage");
}

// ---- What is wrong, from line 9 on

class BadInferenceSink : public testing::TestWithParam<BadManifest> {};

TEST_P(BadInferenceSink, IsRefusedWhereItIsBad) {
  BadManifest bad = GetParam();
  const std::string text = sink(bad.text) + kModel;
  bad.text = text.c_str();
  expect_refused(bad);
}

INSTANTIATE_TEST_SUITE_P(
    Prompt, BadInferenceSink,
    testing::Values(BadManifest{"Open", "  prompt: {user: \"{{ data\"}\n", 9, 18,
                                "'user': '{{ data' has no closing '}}'", "{{ data.a.0.b }}"},
                    BadManifest{"Attribute", "  prompt: {system: \"a {{ Type }}\"}\n", 9, 20,
                                "'system': '{{ Type }}' is neither an attribute nor data"},
                    BadManifest{"OutputPath", "  prompt: {user: \"{{ output.a }}\"}\n", 9, 18,
                                "'{{ output.a }}' is neither"},
                    BadManifest{"EmptyUser", "  prompt: {user: \"\"}\n", 9, 18, "'user' is empty",
                                "leave it out"},
                    BadManifest{"Unknown", "  prompt: {users: a}\n", 9, 12,
                                "unknown field 'users' in prompt", "did you mean 'user'?"},
                    BadManifest{"Unset", "  prompt: {user: \"${SLUICE_TEST_UNSET} {{\"}\n", 9, 19,
                                "SLUICE_TEST_UNSET is not set"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Parameters, BadInferenceSink,
    testing::Values(
        BadManifest{"Unknown", "  parameters: {max_token: 5}\n", 9, 16,
                    "unknown parameter 'max_token'", "did you mean 'max_tokens'?"},
        BadManifest{"FarOff", "  parameters: {n: 2}\n", 9, 16, "unknown parameter 'n'",
                    "known: max_tokens, temperature"},
        BadManifest{"AList", "  parameters: [5]\n", 9, 15, "'parameters' wants a mapping"},
        BadManifest{"MaxTokens", "  parameters: {max_tokens: 0}\n", 9, 28,
                    "'max_tokens' wants a whole number of at least 1, not 0"},
        BadManifest{"Quoted", "  parameters: {max_tokens: \"64\"}\n", 9, 28,
                    "'max_tokens' wants a whole number of at least 1, not '64'"},
        BadManifest{"Fraction", "  parameters: {max_tokens: 1.5}\n", 9, 28, "not 1.5"},
        BadManifest{"Hot", "  parameters: {temperature: 2.5}\n", 9, 29,
                    "'temperature' wants a number from 0 to 2, not 2.5"},
        BadManifest{"TopP", "  parameters: {top_p: 0}\n", 9, 23,
                    "'top_p' wants a number above 0, at most 1, not 0"},
        BadManifest{"TopK", "  parameters: {top_k: -2}\n", 9, 23, "at least -1, not -2"},
        BadManifest{"MinP", "  parameters: {min_p: 1.1}\n", 9, 23, "from 0 to 1, not 1.1"},
        BadManifest{"Presence", "  parameters: {presence_penalty: 3}\n", 9, 34, "from -2 to 2"},
        BadManifest{"Frequency", "  parameters: {frequency_penalty: x}\n", 9, 35, "not 'x'"},
        BadManifest{"Repetition", "  parameters: {repetition_penalty: 0}\n", 9, 36, "above 0"},
        BadManifest{"Seed", "  parameters: {seed: -1}\n", 9, 22, "at least 0, not -1"},
        BadManifest{"Stop", "  parameters: {stop: [a, 5]}\n", 9, 22,
                    "'stop' wants a text or a list of texts, none of them empty, not that list"},
        BadManifest{"StopEmpty", "  parameters: {stop: \"\"}\n", 9, 22, "none of them empty"},
        BadManifest{"Thinking", "  parameters: {enable_thinking: 1}\n", 9, 33,
                    "'enable_thinking' wants true or false, not 1"},
        BadManifest{"ThinkingTokens", "  parameters: {max_thinking_tokens: -1}\n", 9, 37,
                    "at least 0, not -1"},
        BadManifest{"AnObject", "  parameters: {seed: {a: 1}}\n", 9, 22, "not an object"},
        BadManifest{"Infinity", "  parameters: {temperature: .inf}\n", 9, 29,
                    "'.inf' is no number that JSON has"},
        BadManifest{"Unset", "  parameters: {seed: \"${SLUICE_TEST_UNSET}\"}\n", 9, 23,
                    "SLUICE_TEST_UNSET is not set"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Output, BadInferenceSink,
    testing::Values(
        BadManifest{"Both", "  output:\n    schema: {}\n    choice: [a]\n", 11, 13,
                    "'schema' and 'choice' both say what the output is"},
        BadManifest{"Neither", "  output: {}\n", 9, 11, "'output' wants 'schema' or 'choice'"},
        BadManifest{"Misspelt", "  output: {choices: [a]}\n", 9, 12,
                    "unknown field 'choices' in output", "did you mean 'choice'?"},
        BadManifest{"NoChoice", "  output: {choice: []}\n", 9, 20, "'choice' is empty"},
        BadManifest{"EmptyChoice", "  output: {choice: [a, \"\"]}\n", 9, 24, "a choice is empty"},
        BadManifest{"SameChoice", "  output: {choice: [a, b, a]}\n", 9, 27,
                    "the choice 'a' is there twice"},
        BadManifest{"ChoiceIsAMapping", "  output: {choice: [{a: b}]}\n", 9, 21,
                    "'choice' wants a string, not a mapping"},
        BadManifest{"SchemaIsText", "  output: {schema: \"{}\"}\n", 9, 20,
                    "'schema' wants a mapping, not '{}'"},
        BadManifest{"Keyword",
                    "  output:\n    schema:\n      type: object\n      properties:\n"
                    "        a: {type: string, pattern: x}\n",
                    11, 7, "JSON schema, #/properties/a/pattern: this keyword is not supported",
                    "decoding cannot be held to it"},
        BadManifest{"RequiredMisspelt",
                    "  output: {schema: {type: object, required: [actoin], properties: {action: "
                    "{type: string}}}}\n",
                    9, 20, "JSON schema, #/required: 'actoin' is not among the properties"},
        BadManifest{"RequiredUnknown",
                    "  output: {schema: {type: object, required: [a], properties: {why: {type: "
                    "string}}}}\n",
                    9, 20, "JSON schema, #/required: 'a' is not among the properties"},
        BadManifest{"Type", "  output: {schema: {type: text}}\n", 9, 20,
                    "JSON schema, #/type: must be one or a list of the seven types"},
        BadManifest{"Bounds", "  output: {schema: {type: integer, minimum: 5, maximum: 1}}\n", 9,
                    20, "JSON schema, #: no number is between the bounds"},
        BadManifest{"NotANumber", "  output: {schema: {type: string, default: .nan}}\n", 9, 44,
                    "'.nan' is no number that JSON has"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Reply, BadInferenceSink,
    testing::Values(BadManifest{"Type", "  reply: {type: \"{{ output.a\"}\n", 9, 17,
                                "'type': '{{ output.a' has no closing '}}'", "{{ output.a }}"},
                    BadManifest{"EmptyType", "  reply: {type: \"\"}\n", 9, 17, "'type' is empty"},
                    BadManifest{"Source", "  reply: {source: a b}\n", 9, 19,
                                "'source': 'a b' is not a URI reference"},
                    BadManifest{"SourcePlace", "  reply: {source: \"/{{ output..a }}\"}\n", 9, 19,
                                "nor data nor output nor a path such as data.a.b or output.a.b"},
                    BadManifest{"Subject", "  reply: {subject: \"{{ Id }}\"}\n", 9, 20,
                                "'subject': '{{ Id }}'"},
                    BadManifest{"ExtensionName", "  reply: {extensions: {My-Ext: a}}\n", 9, 32,
                                "'My-Ext' cannot be an extension's name"},
                    BadManifest{"ExtensionCore", "  reply: {extensions: {subject: a}}\n", 9, 33,
                                "'subject' is an attribute of its own"},
                    BadManifest{"Extension", "  reply: {extensions: {a: \"{{ -}}\"}}\n", 9, 27,
                                "'a': '{{ -}}' is neither"},
                    BadManifest{"Filter", "  reply: {type: \"a.{{ output.a | upper }}\"}\n", 9, 17,
                                "'type': '{{ output.a | upper }}' is no place", "{{ output.a }}"},
                    BadManifest{"ExtensionOfSluice", "  reply: {extensions: {causeid: a}}\n", 9, 24,
                                "the extension 'causeid' cannot be given: Sluice sets it itself",
                                "leave it out"},
                    BadManifest{"Data", "  reply: {data: text}\n", 9, 17,
                                "'data' wants output or completion, not 'text'"},
                    BadManifest{"Unknown", "  reply: {typ: a}\n", 9, 11,
                                "unknown field 'typ' in reply", "did you mean 'type'?"}),
    name_of);

// ---- Places of a reply that no output has

const char* const kSchema = R"(  output:
    schema:
      type: object
      required: [action]
      additionalProperties: false
      properties:
        action: {enum: [call, ignore]}
        why: {type: string}
        who: {type: array, items: {type: object, properties: {name: {type: [string, "null"]}}}}
        any: {type: object}
        counts: {type: object, additionalProperties: {type: integer}}
        none: {type: object, additionalProperties: false}
        either: {anyOf: [{type: string}, {type: object}]}
        again: {$ref: "#"}
        list: {type: array}
        both: {type: [array, object], properties: {a: {type: string}}, items: {type: boolean}}
        fixed: {const: {a: 1}}
)";

std::string reply_type(const std::string& text) { return "  reply: {type: \"" + text + "\"}\n"; }

TEST(InferenceSink, TakesPathsThatItsOutputMayHave) {
  for (const char* path :
       {"", ".action", ".why", ".who", ".who.0", ".who.10.name", ".any.a.b", ".counts.n",
        ".either.a", ".again.x", ".list.0.a", ".both.a", ".both.0", ".both.0.a", ".fixed.a"}) {
    const std::string text = "com.example.{{ output" + std::string(path) + " }}";
    EXPECT_EQ(spec_of(kSchema + reply_type(text)).reply_type, text);
  }
  for (const char* schema : {"{}", "{type: object}", "{anyOf: [{type: string}]}"}) {
    const std::string text = "{{ output.a.b }}";
    const std::string output = "  output: {schema: " + std::string(schema) + "}\n";
    EXPECT_EQ(spec_of(output + reply_type(text)).reply_type, text) << schema;
  }
  EXPECT_EQ(spec_of(reply_type("{{ output.a.b }}")).reply_type, "{{ output.a.b }}");
}

struct BadPath {
  const char* name;
  const char* path;
  const char* message_part;
  const char* hint = "";

  friend std::ostream& operator<<(std::ostream& out, const BadPath& bad) { return out << bad.name; }
};

std::string path_name(const testing::TestParamInfo<BadPath>& info) { return info.param.name; }

class BadOutputPath : public testing::TestWithParam<BadPath> {};

TEST_P(BadOutputPath, IsRefusedAtItsTemplate) {
  const BadPath& bad = GetParam();
  const std::string text =
      sink(kSchema + reply_type("com.example.{{ " + std::string(bad.path) + " }}")) + kModel;
  expect_refused({bad.name, text.c_str(), 26, 17, bad.message_part, bad.hint});
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadOutputPath,
    testing::Values(
        BadPath{"Misspelt", "output.acton",
                "'type': '{{ output.acton }}' is never there: the schema has no 'acton'",
                "did you mean 'action'?"},
        BadPath{"Unknown", "output.zebra", "the schema has no 'zebra'", "it has 'action', 'why'"},
        BadPath{"InAList", "output.who.3.nam", "the schema has no 'nam' below 'who.3'",
                "did you mean 'name'?"},
        BadPath{"NoIndex", "output.who.name", "'who' is a list", "{{ output.who.0 }}"},
        BadPath{"NoIndexInAny", "output.list.first", "'list' is a list"},
        BadPath{"SignedIndex", "output.who.-1", "'who' is a list"},
        BadPath{"LeadingZero", "output.who.01", "'who' is a list"},
        BadPath{"BelowText", "output.why.a", "nothing is below 'why'", "{{ output.why }}"},
        BadPath{"BelowEnum", "output.action.a", "nothing is below 'action'"},
        BadPath{"BelowNull", "output.who.0.name.first", "nothing is below 'who.0.name'"},
        BadPath{"BelowAMapOfNumbers", "output.counts.n.m", "nothing is below 'counts.n'"},
        BadPath{"InNothing", "output.none.a", "the schema has no 'a' below 'none'"},
        BadPath{"Index", "output.0", "the schema has no '0'"},
        BadPath{"InOneOfTwo", "output.both.b", "the schema has no 'b' below 'both'"}),
    path_name);

TEST(InferenceSink, SaysWhereverAPathIsNeverThere) {
  const auto loaded =
      load(sink(kSchema + std::string("  reply:\n    source: \"/{{ output.a }}\"\n    subject: >-\n"
                                      "      {{ output.why }} {{ output.b }}\n"
                                      "    extensions: {c: \"{{ output.c }}{{ output.d }}\"}\n")) +
           kModel);
  std::vector<std::string> places;
  for (const Finding& error : findings_of(loaded.report, Severity::error)) {
    places.push_back(std::to_string(error.line) + " " + error.message.substr(0, 22));
  }
  EXPECT_THAT(places,
              testing::ElementsAre("27 'source': '{{ output.a", "28 'subject': '{{ output.",
                                   "30 'c': '{{ output.c }}' ", "30 'c': '{{ output.d }}' "))
      << describe(loaded.report);
}

TEST(InferenceSink, HasNothingBelowAChoice) {
  const std::string choice = "  output: {choice: [call, ignore]}\n";
  EXPECT_EQ(spec_of(choice + reply_type("{{ output }}")).reply_type, "{{ output }}");
  const std::string text = sink(choice + reply_type("a.{{ output.action }}")) + kModel;
  expect_refused(
      {"", text.c_str(), 10, 17,
       "'type': '{{ output.action }}' is never there: beside 'choice' the output is a text",
       "write {{ output }}"});
}

TEST(InferenceSink, SaysNothingOfPathsWhereItsSchemaIsWrong) {
  const std::string text =
      sink("  output: {schema: {type: object, required: [a], properties: {b: {type: string}}}}\n" +
           reply_type("{{ output.c }}")) +
      kModel;
  expect_refused({"", text.c_str(), 9, 20, "JSON schema, #/required"});
}

TEST(InferenceSink, SetsSomeExtensionsItself) {
  for (const char* name : {"causeid", "causesource", "inferencemodel", "finishreason", "tokensin",
                           "tokensout", "knativebrokerttl", "knativearrivaltime"}) {
    const std::string text =
        sink("  reply: {extensions: {" + std::string(name) + ": a}}\n") + kModel;
    expect_refused({name, text.c_str(), 9, 24, "Sluice sets it itself"});
  }
  const auto spec = spec_of("  reply: {extensions: {traceparent: a, partitionkey: b, cause: c}}\n");
  EXPECT_EQ(spec.reply_extensions.size(), 3U);
}

class BadModel : public testing::TestWithParam<BadManifest> {};

TEST_P(BadModel, IsRefusedWhereItIsBad) {
  BadManifest bad = GetParam();
  const std::string text =
      "apiVersion: sluice.dev/v1alpha1\nkind: InferenceSink\nmetadata: {name: triage}\n" +
      std::string(bad.text) + kModel;
  bad.text = text.c_str();
  expect_refused(bad);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadModel,
    testing::Values(
        BadManifest{"NoSpec", "", 1, 1, "missing field 'spec' in InferenceSink", "model"},
        BadManifest{"NoModel", "spec: {}\n", 4, 1, "missing field 'model' in InferenceSink spec"},
        BadManifest{"NoRef", "spec:\n  model: {}\n", 5, 3, "missing field 'ref'"},
        BadManifest{"AName", "spec: {model: qwen}\n", 4, 15, "InferenceSink model wants a mapping"},
        BadManifest{"Dangling",
                    "spec:\n  model:\n    ref: {apiVersion: serving.kserve.io/v1beta1, kind: "
                    "InferenceService, name: qwem}\n",
                    6, 80, "InferenceService 'default/qwem' is not declared",
                    "did you mean 'qwen'?"},
        BadManifest{"OtherKind",
                    "spec:\n  model:\n    ref: {apiVersion: sluice.dev/v1alpha1, kind: "
                    "EventDisplay, name: show}\n",
                    6, 50, "'model' wants an InferenceService, not an EventDisplay"}),
    name_of);

}  // namespace
}  // namespace sluice
