// What is checked: YAML and the head of a resource. Each manifest of the tables has one fault; it
// is found where it stands, to the column, with the words that the operator must see, and brings
// no second error with it. Method: load_manifest_text() on text; no files.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

class BadDocument : public testing::TestWithParam<BadManifest> {};

TEST_P(BadDocument, IsRefusedWhereItIsBad) { expect_refused(GetParam()); }

constexpr const char* kHead = "apiVersion: eventing.knative.dev/v1\nkind: Broker\n";

INSTANTIATE_TEST_SUITE_P(
    Yaml, BadDocument,
    testing::Values(
        BadManifest{"UnclosedList", "apiVersion: v1\nkind: [Broker\n", 4, 1, "flow sequence"},
        BadManifest{"UnclosedQuote", "apiVersion: \"v1\nkind: Broker\n", 1, 13, "double-quoted"},
        BadManifest{"TabIndentation", "metadata:\n\tname: a\n", 2, 1, "tab", "indent with spaces"},
        BadManifest{"NestedOnOneLine", "kind: a: b\n", 1, 8, "invalid nested block mapping"},
        BadManifest{"StrayBrace", "}\n", 1, 1, "extra closing brace"},
        BadManifest{"BadEscape", "kind: \"\\q\"\n", 1, 8, "invalid escape"},
        BadManifest{"ReservedIndicator", "kind: @broker\n", 1, 7, "cannot start with '@'"},
        BadManifest{"VariableInBraces", "metadata: {name: ${NAME}}\n", 1, 19, "", "put quotes"},
        BadManifest{"NotAMapping", "- apiVersion: v1\n", 1, 1, "a resource is a mapping"},
        BadManifest{"JustText", "hello\n", 1, 1, "a resource is a mapping"},
        BadManifest{"BadListItem", "apiVersion: v1\nkind: List\nitems:\n- 5\n", 4, 3,
                    "a resource is a mapping"},
        BadManifest{"BadList", "apiVersion: v1\nkind: List\nitems: {}\n", 3, 8, "wants a list"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Tree, BadDocument,
    testing::Values(
        BadManifest{"DuplicateKey",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nkind: Trigger\n"
                    "metadata: {name: a}\n",
                    3, 1, "duplicate key 'kind'", "on line 2"},
        BadManifest{"DuplicateKeyDeep",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, labels: {x: 1, \"x\": 2}}\n",
                    3, 36, "duplicate key 'x'", "on line 3"},
        BadManifest{"MergeKey",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata:\n  name: a\n"
                    "  <<: {namespace: b}\n",
                    5, 3, "merge keys"},
        BadManifest{"UnknownAlias",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: a}\n"
                    "spec:\n  delivery: *polici\n  config: &policy\n",
                    5, 13, "'*polici' has no anchor"},
        BadManifest{"UnquotedCron",
                    "apiVersion: sources.knative.dev/v1\nkind: PingSource\nmetadata: {name: a}\n"
                    "spec:\n  schedule: @every 5s\n  sink: {uri: \"http://h/\"}\n",
                    5, 13, "'@'", "put quotes around"},
        BadManifest{"AliasInItsAnchor",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, labels: &l {x: *l}}\n",
                    3, 36, "inside its own anchor"},
        BadManifest{"CustomTag",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: !env a}\n",
                    3, 18, "the tag '!env'"},
        BadManifest{"ListAsKey",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: a}\n"
                    "? [x]\n: 1\n",
                    4, 3, "plain word"},
        BadManifest{"ControlCharacter", "apiVersion: v\x01\n", 1, 14, "control character"},
        BadManifest{"NotUtf8", "apiVersion: \xC3\x28\n", 1, 13, "not UTF-8"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Head, BadDocument,
    testing::Values(
        BadManifest{"NoKind", "apiVersion: v1\nmetadata: {name: a}\n", 1, 1,
                    "missing field 'kind'"},
        BadManifest{"NoApiVersion", "kind: Broker\nmetadata: {name: a}\n", 1, 1,
                    "missing field 'apiVersion'"},
        BadManifest{"EmptyKind", "apiVersion: v1\nkind:\nmetadata: {name: a}\n", 2, 1,
                    "'kind' has no value"},
        BadManifest{"NoMetadata", "apiVersion: eventing.knative.dev/v1\nkind: Broker\n", 1, 1,
                    "missing field 'metadata'"},
        BadManifest{"NoName",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata:\n  labels: {}\n",
                    3, 1, "missing field 'name' in metadata"},
        BadManifest{"UnknownKind", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
                    2, 7, "unknown kind 'Deployment'", "this version has: "},
        BadManifest{"MisspeltKind",
                    "apiVersion: eventing.knative.dev/v1\nkind: Brokr\nmetadata: {name: a}\n", 2, 7,
                    "unknown kind 'Brokr'", "did you mean 'Broker'?"},
        BadManifest{"KindInLowerCase",
                    "apiVersion: eventing.knative.dev/v1\nkind: broker\nmetadata: {name: a}\n", 2,
                    7, "unknown kind 'broker'", "did you mean 'Broker'?"},
        BadManifest{"KindIsAList", "apiVersion: v1\nkind: [a]\nmetadata: {name: a}\n", 2, 7,
                    "'kind' wants a string"},
        BadManifest{"OldApiVersion",
                    "apiVersion: eventing.knative.dev/v1beta1\nkind: Broker\nmetadata: {name: a}\n",
                    1, 13, "Broker has the apiVersion eventing.knative.dev/v1, not",
                    "eventing.knative.dev/v1"},
        BadManifest{"ApiVersionOfAnother",
                    "apiVersion: eventing.knative.dev/v1\nkind: Channel\nmetadata: {name: a}\n", 1,
                    13, "messaging.knative.dev/v1"},
        BadManifest{"ServiceApiVersion",
                    "apiVersion: apps/v1\nkind: Service\nmetadata: {name: a}\n", 1, 13,
                    "v1 or serving.knative.dev/v1"},
        BadManifest{"UnknownTopLevel",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: a}\n"
                    "spce: {}\n",
                    4, 1, "unknown field 'spce' in Broker", "did you mean 'spec'?"},
        BadManifest{"SpecFieldAtTopLevel",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: a}\n"
                    "delivery: {}\n",
                    4, 1, "unknown field 'delivery' in Broker", "belongs under 'spec'"},
        BadManifest{"UnknownMetadata",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, label: {}}\n",
                    3, 21, "unknown field 'label' in metadata", "did you mean 'labels'?"},
        BadManifest{"MetadataIsText",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: a\n", 3, 11,
                    "metadata wants a mapping, not 'a'"},
        BadManifest{"NameInCapitals",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: Orders}\n",
                    3, 18, "'Orders' cannot be a resource's name", "lower-case"},
        BadManifest{"NameWithSlash",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: a/b}\n", 3,
                    18, "'a/b' cannot be a resource's name"},
        BadManifest{"NameEndsWithDash",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: a-}\n", 3,
                    18, "'a-' cannot be"},
        BadManifest{"NameIsAList",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: [a]}\n", 3,
                    18, "'name' wants a string, not a list"},
        BadManifest{"NamespaceWithDot",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, namespace: a.b}\n",
                    3, 32, "'a.b' cannot be a namespace"},
        BadManifest{"ReservedV1",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, namespace: v1}\n",
                    3, 32, "the namespace 'v1' is reserved"},
        BadManifest{"ReservedV2",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, namespace: v2}\n",
                    3, 32, "reserved"},
        BadManifest{"ReservedOpenai",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, namespace: openai}\n",
                    3, 32, "reserved"},
        BadManifest{"LabelsAreAList",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, labels: [x]}\n",
                    3, 29, "'labels' wants a mapping"},
        BadManifest{"AnnotationIsAMapping",
                    "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                    "metadata: {name: a, annotations: {x: {y: z}}}\n",
                    3, 38, "'x' wants a string, not a mapping"},
        BadManifest{"Duplicate",
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\n"
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
                    7, 18, "duplicate resource: Secret 'default/s'", "m.yaml:3"},
        BadManifest{"DuplicateAcrossNamespaceSpelling",
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\n"
                    "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\n",
                    7, 18, "duplicate resource"},
        BadManifest{"SameAddress",
                    "apiVersion: messaging.knative.dev/v1\nkind: InMemoryChannel\n"
                    "metadata: {name: c}\n---\napiVersion: messaging.knative.dev/v1\n"
                    "kind: Channel\nmetadata: {name: c}\n",
                    7, 18, "has the address of InMemoryChannel 'default/c'", "m.yaml:3"}),
    name_of);

#if SLUICE_HAS_REDIS
INSTANTIATE_TEST_SUITE_P(
    Sinks, BadDocument,
    testing::Values(BadManifest{
        "SinksOfOneName",
        "apiVersion: sluice.dev/v1alpha1\nkind: EventDisplay\nmetadata: {name: s}\n"
        "---\napiVersion: sinks.knative.dev/v1alpha1\nkind: RedisStreamSink\n"
        "metadata: {name: s}\nspec: {address: \"redis://h\", stream: a}\n",
        7, 18, "has the address of EventDisplay 'default/s'", "rename one of them"}),
    name_of);
#endif

TEST(Manifests, RefuseANameOf254Letters) {
  const auto name = std::string(254, 'a');
  const auto loaded = load(kHead + ("metadata: {name: " + name + "}\n"));
  ASSERT_EQ(findings_of(loaded.report, Severity::error).size(), 1U) << describe(loaded.report);
}

}  // namespace
}  // namespace sluice
