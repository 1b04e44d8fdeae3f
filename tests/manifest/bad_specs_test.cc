// What is checked: the fields of every kind. Each manifest has one fault; it is found where it
// stands, a missing field at its parent, and brings no second error with it. Method:
// load_manifest_text() on a head of three lines and a spec from line 4 on.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

struct BadSpec {
  const char* name;
  const char* kind;
  const char* spec;  // From line 4 on.
  int line;
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadSpec& bad) { return out << bad.name; }
};

std::string head(const std::string& kind) {
  std::string group = "eventing.knative.dev/v1";
  if (kind == "Channel" || kind == "InMemoryChannel" || kind == "Subscription") {
    group = "messaging.knative.dev/v1";
  }
  if (kind == "Sequence" || kind == "Parallel") group = "flows.knative.dev/v1";
  if (kind == "PingSource") group = "sources.knative.dev/v1";
  if (kind == "EventDisplay") group = "sluice.dev/v1alpha1";
  if (kind == "ConfigMap" || kind == "Service") group = "v1";
  return "apiVersion: " + group + "\nkind: " + kind + "\nmetadata: {name: it}\n";
}

class BadSpecTest : public testing::TestWithParam<BadSpec> {};

TEST_P(BadSpecTest, IsRefusedWhereItIsBad) {
  const BadSpec& bad = GetParam();
  const std::string text = head(bad.kind) + bad.spec;
  expect_refused({bad.name, text.c_str(), bad.line, bad.column, bad.message_part, bad.hint_part});
}

std::string spec_name(const testing::TestParamInfo<BadSpec>& info) { return info.param.name; }

#define SINK "{uri: http://127.0.0.1:9000/}"

INSTANTIATE_TEST_SUITE_P(
    Broker, BadSpecTest,
    testing::Values(
        BadSpec{"SpecIsAList", "Broker", "spec: []\n", 4, 7, "Broker spec wants a mapping"},
        BadSpec{"UnknownField", "Broker", "spec: {deliver: {}}\n", 4, 8,
                "unknown field 'deliver' in Broker spec", "did you mean 'delivery'?"},
        BadSpec{"DeeperField", "Broker", "spec: {retry: 5}\n", 4, 8, "unknown field 'retry'",
                "'delivery.retry'"},
        BadSpec{"RetryIsAWord", "Broker", "spec: {delivery: {retry: many}}\n", 4, 26,
                "'retry' wants a whole number of at least 0, not 'many'"},
        BadSpec{"RetryIsNegative", "Broker", "spec: {delivery: {retry: -1}}\n", 4, 26,
                "'retry' wants a whole number of at least 0, not '-1'"},
        BadSpec{"RetryHasAFraction", "Broker", "spec: {delivery: {retry: 1.5}}\n", 4, 26,
                "whole number"},
        BadSpec{"RetryIsQuoted", "Broker", "spec: {delivery: {retry: \"5\"}}\n", 4, 26,
                "whole number", "leave the quotes out"},
        BadSpec{"RetryIsHuge", "Broker", "spec: {delivery: {retry: 99999999999}}\n", 4, 26,
                "whole number"},
        BadSpec{"PolicyMisspelt", "Broker",
                "spec:\n  delivery:\n    retry: 1\n    backoffPolicy: exponentail\n", 7, 20,
                "'backoffPolicy' wants linear or exponential, not 'exponentail'",
                "did you mean 'exponential'?"},
        BadSpec{"PolicyInCapitals", "Broker",
                "spec: {delivery: {retry: 1, backoffPolicy: Linear}}\n", 4, 44,
                "wants linear or exponential"},
        BadSpec{"DelayIsGo", "Broker", "spec: {delivery: {retry: 1, backoffDelay: 200ms}}\n", 4, 43,
                "'200ms' is not a duration: write ISO-8601"},
        BadSpec{"DelayIsAMonth", "Broker", "spec: {delivery: {retry: 1, backoffDelay: P1M}}\n", 4,
                43, "a month has no fixed length"},
        BadSpec{"DelayIsAMapping", "Broker", "spec: {delivery: {retry: 1, backoffDelay: {}}}\n", 4,
                43, "wants a duration such as PT0.2S, not a mapping"},
        BadSpec{"TimeoutIsZero", "Broker", "spec: {delivery: {timeout: PT0S}}\n", 4, 28,
                "'timeout' wants a duration longer than PT0S, not 'PT0S'"},
        BadSpec{"FormatUnknown", "Broker", "spec: {delivery: {format: JSON}}\n", 4, 27,
                "'format' wants binary or json, not 'JSON'", "did you mean 'json'?"},
        BadSpec{"RetryAfterMaxBad", "Broker", "spec: {delivery: {retry: 1, retryAfterMax: x}}\n", 4,
                44, "'retryAfterMax': 'x' is not a duration"},
        BadSpec{"EmptyDeadLetterSink", "Broker", "spec: {delivery: {deadLetterSink: {}}}\n", 4, 35,
                "wants 'ref' or 'uri'"},
        BadSpec{"ConfigAndTemplate", "Broker",
                "spec:\n  config: {apiVersion: v1, kind: ConfigMap, name: empty}\n"
                "  channelTemplate:\n    apiVersion: messaging.knative.dev/v1\n"
                "    kind: InMemoryChannel\n",
                7, 5, "both say what the channel is"},
        BadSpec{"TemplateWithoutKind", "Broker",
                "spec: {channelTemplate: {apiVersion: messaging.knative.dev/v1}}\n", 4, 8,
                "missing field 'kind' in channelTemplate"},
        BadSpec{"TemplateOfAnotherKind", "Broker",
                "spec: {channelTemplate: {apiVersion: eventing.knative.dev/v1, kind: Broker}}\n", 4,
                69, "'Broker' is not a kind of channel", "InMemoryChannel"},
        BadSpec{"TemplateMisspelt", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: messaging.knative.dev/v1\n"
                "    kind: InMemoryChanel\n",
                7, 11, "'InMemoryChanel' is not", "did you mean 'InMemoryChannel'?"},
        BadSpec{"TemplateOldVersion", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: messaging.knative.dev/v1beta1\n"
                "    kind: InMemoryChannel\n",
                6, 17, "InMemoryChannel has the apiVersion messaging.knative.dev/v1"},
        BadSpec{"TemplateSpecUnknown", "Broker",
                "spec:\n  channelTemplate:\n    apiVersion: messaging.knative.dev/v1\n"
                "    kind: InMemoryChannel\n    spec: {partitions: 3}\n",
                8, 12, "unknown field 'partitions' in InMemoryChannel spec"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    Trigger, BadSpecTest,
    testing::Values(
        BadSpec{"NoSpec", "Trigger", "", 1, 1, "missing field 'spec' in Trigger",
                "broker and subscriber"},
        BadSpec{"NoBroker", "Trigger", "spec:\n  subscriber: " SINK "\n", 4, 1,
                "missing field 'broker' in Trigger spec"},
        BadSpec{"NoSubscriber", "Trigger", "spec:\n  broker: orders\n", 4, 1,
                "missing field 'subscriber' in Trigger spec"},
        BadSpec{"SubscriberIsNull", "Trigger", "spec:\n  broker: orders\n  subscriber:\n", 6, 3,
                "'subscriber' in Trigger spec has no value"},
        BadSpec{"EmptyBroker", "Trigger", "spec: {broker: \"\", subscriber: " SINK "}\n", 4, 16,
                "'broker' is empty"},
        BadSpec{"Subscribers", "Trigger", "spec:\n  broker: orders\n  subscribers: " SINK "\n", 6,
                3, "unknown field 'subscribers' in Trigger spec", "did you mean 'subscriber'?"},
        BadSpec{"UriOneLevelUp", "Trigger",
                "spec:\n  broker: orders\n  uri: http://h/\n  subscriber: " SINK "\n", 6, 3,
                "unknown field 'uri'", "'subscriber.uri'"},
        BadSpec{"SubscriberIsText", "Trigger", "spec: {broker: orders, subscriber: http://h/}\n", 4,
                36, "destination wants a mapping, not 'http://h/'"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    Channels, BadSpecTest,
    testing::Values(
        BadSpec{"NoChannel", "Subscription", "spec:\n  subscriber: " SINK "\n", 4, 1,
                "missing field 'channel' in Subscription spec"},
        BadSpec{"NoSubscriberButReply", "Subscription",
                "spec:\n"
                "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: pipe}\n"
                "  reply: " SINK "\n",
                4, 1, "missing field 'subscriber' in Subscription spec"},
        BadSpec{"EmptySubscriber", "Subscription",
                "spec:\n"
                "  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: pipe}\n"
                "  subscriber: {}\n",
                6, 15, "wants 'ref' or 'uri'"},
        BadSpec{"ChannelIsAName", "Subscription",
                "spec:\n  channel: pipe\n  subscriber: " SINK "\n", 5, 12,
                "ref wants a mapping, not 'pipe'"},
        BadSpec{"Partitions", "InMemoryChannel", "spec: {partitions: 1}\n", 4, 8,
                "unknown field 'partitions' in InMemoryChannel spec", "known fields: delivery"},
        BadSpec{"ChannelDelivery", "Channel", "spec: {delivery: {retry: x}}\n", 4, 26,
                "whole number"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    Flows, BadSpecTest,
    testing::Values(
        BadSpec{"NoSteps", "Sequence", "spec:\n  reply: " SINK "\n", 4, 1,
                "missing field 'steps' in Sequence spec"},
        BadSpec{"EmptySteps", "Sequence", "spec: {steps: []}\n", 4, 15, "'steps' is empty"},
        BadSpec{"StepsAreAMapping", "Sequence", "spec: {steps: {uri: http://h/}}\n", 4, 15,
                "'steps' wants a list, not a mapping", "'- '"},
        BadSpec{"StepIsEmpty", "Sequence", "spec:\n  steps:\n  - {}\n", 6, 5,
                "wants 'ref' or 'uri'"},
        BadSpec{"StepIsText", "Sequence", "spec:\n  steps:\n  - http://h/\n", 6, 5,
                "Sequence step wants a mapping"},
        BadSpec{"StepUnknownField", "Sequence",
                "spec:\n  steps:\n  - uri: http://h/\n    reply: {uri: http://h/}\n", 7, 5,
                "unknown field 'reply' in Sequence step"},
        BadSpec{"StepDelivery", "Sequence",
                "spec:\n  steps:\n  - uri: http://h/\n    delivery: {timeout: 5}\n", 7, 25,
                "'5' is not a duration"},
        BadSpec{"NoBranches", "Parallel", "spec: {}\n", 4, 1,
                "missing field 'branches' in Parallel spec"},
        BadSpec{"EmptyBranches", "Parallel", "spec: {branches: []}\n", 4, 18,
                "'branches' is empty"},
        BadSpec{"BranchWithoutSubscriber", "Parallel", "spec:\n  branches:\n  - filter: " SINK "\n",
                6, 5, "missing field 'subscriber' in Parallel branch"},
        BadSpec{"BranchFilters", "Parallel",
                "spec:\n  branches:\n  - filters: " SINK "\n    subscriber: " SINK "\n", 6, 5,
                "unknown field 'filters' in Parallel branch", "did you mean 'filter'?"}),
    spec_name);

INSTANTIATE_TEST_SUITE_P(
    Sources, BadSpecTest,
    testing::Values(
        BadSpec{"NoSink", "PingSource", "spec: {schedule: \"* * * * *\"}\n", 4, 1,
                "missing field 'sink' in PingSource spec"},
        BadSpec{"TooFewFields", "PingSource", "spec: {schedule: 2, sink: " SINK "}\n", 4, 18,
                "schedule: expected 5 to 6 fields"},
        BadSpec{"DaySeven", "PingSource", "spec: {schedule: \"0 0 * * 7\", sink: " SINK "}\n", 4,
                18, "schedule: "},
        BadSpec{"BadZone", "PingSource", "spec: {timezone: Mars/Phobos, sink: " SINK "}\n", 4, 18,
                "timezone: "},
        BadSpec{"DataTwice", "PingSource", "spec: {data: a, dataBase64: YQ==, sink: " SINK "}\n", 4,
                29, "dataBase64: "},
        BadSpec{"BadBase64", "PingSource", "spec: {dataBase64: \"%\", sink: " SINK "}\n", 4, 20,
                "dataBase64: "},
        BadSpec{"NotJson", "PingSource",
                "spec:\n  contentType: application/json\n  data: '{a'\n  sink: " SINK "\n", 6, 9,
                "data: "},
        BadSpec{"DataIsAMapping", "PingSource", "spec: {data: {a: b}, sink: " SINK "}\n", 4, 14,
                "'data' wants a string, not a mapping", "quotes"},
        BadSpec{"ExtensionName", "PingSource",
                "spec:\n  sink: " SINK "\n  ceOverrides: {extensions: {My-Ext: x}}\n", 6, 38,
                "'My-Ext' cannot be an extension's name"},
        BadSpec{"ExtensionIsCore", "PingSource",
                "spec:\n  sink: " SINK "\n  ceOverrides: {extensions: {type: x}}\n", 6, 36,
                "'type' is an attribute of its own"},
        BadSpec{"DisplayFormat", "EventDisplay", "spec: {format: yaml}\n", 4, 16,
                "'format' wants text or json, not 'yaml'"},
        BadSpec{"DisplayAction", "EventDisplay", "spec: {action: \"{{ type\"}\n", 4, 16,
                "action: "},
        BadSpec{"ConfigMapData", "ConfigMap", "data: {a: [b]}\n", 4, 11,
                "'a' wants a string, not a list"},
        BadSpec{"ConfigMapSpec", "ConfigMap", "spec: {}\n", 4, 1,
                "unknown field 'spec' in ConfigMap"}),
    spec_name);

}  // namespace
}  // namespace sluice
