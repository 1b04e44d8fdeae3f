// What is checked: destinations, references, filters, annotations and variables. Each manifest has
// one fault; it is found where it stands and brings no second error with it. Method:
// load_manifest_text() on text; the environment of the test has no SLUICE_TEST_UNSET.

#include "tests/manifest/manifest_support.h"

namespace sluice {
namespace {

// A Trigger in which one line differs: its subscriber from line 6 column 15, or what else.
std::string trigger(const std::string& rest, const std::string& metadata = "{name: it}") {
  return "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: " + metadata +
         "\nspec:\n  broker: orders\n" + rest;
}

struct BadPart {
  const char* name;
  const char* part;
  int line;
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadPart& bad) { return out << bad.name; }
};

std::string part_name(const testing::TestParamInfo<BadPart>& info) { return info.param.name; }

void expect_refused_in(const std::string& text, const BadPart& bad) {
  expect_refused({bad.name, text.c_str(), bad.line, bad.column, bad.message_part, bad.hint_part});
}

class BadSubscriber : public testing::TestWithParam<BadPart> {};

TEST_P(BadSubscriber, IsRefusedWhereItIsBad) {
  expect_refused_in(trigger("  subscriber: " + std::string(GetParam().part) + "\n"), GetParam());
}

#define REF(version, kind) "{ref: {apiVersion: " version ", kind: " kind ", name: "

INSTANTIATE_TEST_SUITE_P(
    Uri, BadSubscriber,
    testing::Values(
        BadPart{"Relative", "{uri: /path}", 6, 21, "relative, and there is no ref", "absolute URL"},
        BadPart{"NoScheme", "{uri: \"127.0.0.1:9000\"}", 6, 21, "uri"},
        BadPart{"Https", "{uri: https://h/}", 6, 21, "is https"},
        BadPart{"Ftp", "{uri: ftp://h/}", 6, 21, "is not an http URL"},
        BadPart{"NoHost", "{uri: \"http:///x\"}", 6, 21, "has no host"},
        BadPart{"Spaces", "{uri: \"http://h/a b\"}", 6, 21, "is not an absolute URL"},
        BadPart{"Empty", "{uri: \"\"}", 6, 21, "uri"},
        BadPart{"List", "{uri: [http://h/]}", 6, 21, "'uri' wants a string, not a list"},
        BadPart{"UnknownField", "{url: http://h/}", 6, 16, "unknown field 'url' in destination",
                "did you mean 'uri'?"},
        BadPart{"RefAndAbsolute",
                REF("sluice.dev/v1alpha1", "EventDisplay") "show}, uri: http://h/}", 6, 93,
                "must be relative"},
        BadPart{"RefToLocalAndRelative",
                REF("sluice.dev/v1alpha1", "EventDisplay") "show}, uri: /x}", 6, 93,
                "an EventDisplay has one address only"}),
    part_name);

INSTANTIATE_TEST_SUITE_P(
    Ref, BadSubscriber,
    testing::Values(
        BadPart{"NoName", "{ref: {apiVersion: v1, kind: Service}}", 6, 16,
                "missing field 'name' in ref"},
        BadPart{"NoApiVersion", "{ref: {kind: Service, name: a}}", 6, 16,
                "missing field 'apiVersion' in ref"},
        BadPart{"NoKind", "{ref: {apiVersion: v1, name: a}}", 6, 16, "missing field 'kind' in ref"},
        BadPart{"UnknownKind", REF("apps/v1", "Deployment") "a}}", 6, 49,
                "unknown kind 'Deployment'", "this version has"},
        BadPart{"MisspeltKind", REF("eventing.knative.dev/v1", "Brokr") "orders}}", 6, 65,
                "unknown kind 'Brokr'", "did you mean 'Broker'?"},
        BadPart{"DanglingKafkaSink", REF("eventing.knative.dev/v1alpha1", "KafkaSink") "a}}", 6, 88,
                "KafkaSink 'default/a' is not declared"},
        BadPart{"KafkaSource", REF("sources.knative.dev/v1", "KafkaSource") "a}}", 6, 64,
                "a KafkaSource cannot receive events", "a KafkaSink, a RedisStreamSink"},
        BadPart{"ChannelOnMemory", REF("messaging.knative.dev/v1beta1", "KafkaChannel") "pipe}}", 6,
                91, "KafkaChannel 'default/pipe' is not declared"},
        BadPart{"OldVersion", REF("eventing.knative.dev/v1beta1", "Broker") "orders}}", 6, 34,
                "Broker has the apiVersion"},
        BadPart{"NotAddressable", REF("eventing.knative.dev/v1", "Trigger") "it}}", 6, 65,
                "a Trigger cannot receive events"},
        BadPart{"NotAddressableMap", REF("v1", "ConfigMap") "empty}}", 6, 44,
                "a ConfigMap cannot receive events"},
        BadPart{"DanglingBroker", REF("eventing.knative.dev/v1", "Broker") "ordrs}}", 6, 79,
                "Broker 'default/ordrs' is not declared", "did you mean 'orders'?"},
        BadPart{"DanglingDisplay", REF("sluice.dev/v1alpha1", "EventDisplay") "log}}", 6, 81,
                "EventDisplay 'default/log' is not declared", "declared in 'default': show"},
        BadPart{"OtherNamespace", REF("sluice.dev/v1alpha1", "EventDisplay") "show, namespace: b}}",
                6, 81, "EventDisplay 'b/show' is not declared", "in the namespace 'default'"},
        BadPart{"DanglingSequence", REF("flows.knative.dev/v1", "Sequence") "s}}", 6, 78,
                "Sequence 'default/s' is not declared", "declare it"},
        BadPart{"InMemoryMeansChannel", REF("messaging.knative.dev/v1", "InMemoryChannel") "x}}", 6,
                89, "InMemoryChannel 'default/x' is not declared"},
        BadPart{"UnknownService", REF("v1", "Service") "web}}", 6, 59,
                "Service 'default/web' is not declared", "--resolve default/web=URL"},
        BadPart{"RefIsAName", "{ref: orders}", 6, 21, "ref wants a mapping, not 'orders'"}),
    part_name);

class BadFilter : public testing::TestWithParam<BadPart> {};

TEST_P(BadFilter, IsRefusedAtItsClause) {
  const std::string text = trigger("  subscriber: {uri: http://127.0.0.1:9000/}\n" +
                                   std::string(GetParam().part) + "\n");
  expect_refused_in(text, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Attributes, BadFilter,
    testing::Values(
        BadPart{"Capitals", "  filter: {attributes: {SOURCE: a}}", 7, 25, "'SOURCE' cannot be"},
        BadPart{"Mixed", "  filter: {attributes: {Source: a}}", 7, 25, "'Source' cannot be"},
        BadPart{"Space", "  filter: {attributes: {s pace s: a}}", 7, 25, "'s pace s' cannot be"},
        BadPart{"Underscore", "  filter: {attributes: {s_pace_s: a}}", 7, 25, "cannot be"},
        BadPart{"Dash", "  filter: {attributes: {s-pace-s: a}}", 7, 25, "cannot be"},
        BadPart{"Digits", "  filter: {attributes: {123: a}}", 7, 25, "'123' cannot be"},
        BadPart{"Emoji", "  filter: {attributes: {\"\xF0\x9F\x98\x80\": a}}", 7, 25, "cannot be"},
        BadPart{"NoValue", "  filter:\n    attributes:\n      type:\n", 9, 7, "'type' has no value",
                "present and not empty"},
        BadPart{"List", "  filter: {attributes: {type: [a, b]}}", 7, 31, "'type' wants a string"},
        BadPart{"NotAMapping", "  filter: {attributes: [type]}", 7, 24, "wants a mapping"},
        BadPart{"WithoutAttributes", "  filter: {type: a}", 7, 12,
                "unknown field 'type' in filter"}),
    part_name);

INSTANTIATE_TEST_SUITE_P(
    Dialects, BadFilter,
    testing::Values(
        BadPart{"NotAList", "  filters: {exact: {type: a}}", 7, 12, "wants a list", "'- '"},
        BadPart{"EmptyObject", "  filters: [{}]", 7, 13, "a filter without a dialect"},
        BadPart{"Unknown", "  filters: [{exakt: {type: a}}]", 7, 14,
                "unknown filter dialect 'exakt'", "did you mean 'exact'?"},
        BadPart{"Cesql", "  filters: [{cesql: \"type = \"}]", 7, 29,
                "cesql: expected a value, found the end of the expression"},
        BadPart{"CesqlPlain", "  filters: [{cesql: LENGHT(type) = 2}]", 7, 21,
                "there is no function 'LENGHT'; did you mean LENGTH?"},
        BadPart{"CesqlBlock", "  filters:\n  - cesql: >\n      type =\n      LIKE", 8, 12,
                "cesql: column 8: expected a value, found 'LIKE'"},
        BadPart{"CesqlNoText", "  filters: [{cesql: {a: b}}]", 7, 21, "cesql: want an expression"},
        BadPart{"TwoDialects", "  filters:\n  - exact: {type: a}\n    prefix: {type: a}", 9, 5,
                "two dialects in one filter, 'exact' and 'prefix'"},
        BadPart{"EmptyExact", "  filters: [{exact: {}}]", 7, 21, "exact"},
        BadPart{"EmptyPrefixValue", "  filters: [{prefix: {type: \"\"}}]", 7, 29,
                "prefix: 'type' is empty"},
        BadPart{"EmptySuffixValue", "  filters: [{suffix: {type: \"\"}}]", 7, 29,
                "suffix: 'type' is empty"},
        BadPart{"ExactNull", "  filters: [{exact: {type: }}]", 7, 22, "'type' has no value"},
        BadPart{"ExactList", "  filters: [{exact: [type]}]", 7, 21, "exact"},
        BadPart{"ExactName", "  filters: [{exact: {Type: a}}]", 7, 22, "'Type' cannot be"},
        BadPart{"EmptyAll", "  filters: [{all: []}]", 7, 19, "all"},
        BadPart{"EmptyAny", "  filters: [{any: []}]", 7, 19, "any"},
        BadPart{"AnyIsAMapping", "  filters: [{any: {exact: {type: a}}}]", 7, 19, "any"},
        BadPart{"EmptyNot", "  filters: [{not: {}}]", 7, 19, "not"},
        BadPart{"NotIsAList", "  filters: [{not: [{exact: {type: a}}]}]", 7, 19, "not"},
        BadPart{"Element", "  filters: [exact]", 7, 13, "a filter is a mapping"},
        BadPart{"DeepInAll", "  filters:\n  - all:\n    - exact: {type: a}\n    - suffix: {X: a}",
                10, 16, "suffix: 'X' cannot be"},
        BadPart{"DeepInNot",
                "  filters:\n  - not:\n      any:\n      - exact: {type: a}\n"
                "      - not: {exact: {}}",
                11, 22, "exact"}),
    part_name);

class BadAnnotation : public testing::TestWithParam<BadPart> {};

TEST_P(BadAnnotation, IsRefusedAtItsValue) {
  const std::string text =
      trigger("  subscriber: {uri: http://127.0.0.1:9000/}\n",
              "{name: it, annotations: {" + std::string(GetParam().part) + "}}");
  expect_refused_in(text, GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Trigger, BadAnnotation,
    testing::Values(BadPart{"PlainReply", "sluice.dev/plain-reply: warp", 3, 60,
                            "'sluice.dev/plain-reply' wants fail, ignore or wrap, not 'warp'",
                            "did you mean 'wrap'?"},
                    BadPart{"MaxInFlightZero", "sluice.dev/max-in-flight: 0", 3, 62,
                            "'0' is not between 1 and 1000000"},
                    BadPart{"MaxInFlightWord", "sluice.dev/max-in-flight: lots", 3, 62,
                            "'lots' is not a whole quantity"},
                    BadPart{"MaxInFlightNegative", "sluice.dev/max-in-flight: -4", 3, 62, "'-4'"},
                    BadPart{"Order", "kafka.eventing.knative.dev/delivery.order: sorted", 3, 79,
                            "wants ordered or unordered, not 'sorted'"}),
    part_name);

INSTANTIATE_TEST_SUITE_P(
    Variables, BadSubscriber,
    testing::Values(BadPart{"Unset", "{uri: \"http://${SLUICE_TEST_UNSET}/\"}", 6, 29,
                            "the variable SLUICE_TEST_UNSET is not set", ":-default}"},
                    BadPart{"Needed", "{uri: \"http://${SLUICE_TEST_UNSET:?the host}/\"}", 6, 29,
                            "SLUICE_TEST_UNSET is needed: the host"},
                    BadPart{"Unclosed", "{uri: \"http://${SLUICE_TEST_UNSET/\"}", 6, 29,
                            "without a '}'", "$${"},
                    BadPart{"NoName", "{uri: \"http://${1X}/\"}", 6, 29, "is not a variable"},
                    BadPart{"OtherForm", "{uri: \"http://${X-y}/\"}", 6, 29, "has an unknown form",
                            "${X:-default}"}),
    part_name);

class BadService : public testing::TestWithParam<BadPart> {};

TEST_P(BadService, IsRefusedWhereItIsBad) { expect_refused_in(GetParam().part, GetParam()); }

constexpr const char* kTriggerToWeb =
    "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: it}\nspec:\n"
    "  broker: orders\n"
    "  subscriber: {ref: {apiVersion: v1, kind: Service, name: web}}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";

INSTANTIATE_TEST_SUITE_P(
    Table, BadService,
    testing::Values(
        BadPart{"WithoutUrl", kTriggerToWeb, 6, 59, "Service 'default/web' has no address",
                "sluice.dev/url"},
        BadPart{"BadUrl",
                "apiVersion: v1\nkind: Service\n"
                "metadata: {name: web, annotations: {sluice.dev/url: \"web:80\"}}\n",
                3, 53, "'sluice.dev/url': "},
        BadPart{"CapacityBytes",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                "metadata: {name: b, annotations: {sluice.dev/capacity-bytes: 1Mb}}\n",
                3, 62, "'1Mb' is not a whole quantity", "256Mi"},
        BadPart{"CapacityFraction",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\n"
                "metadata: {name: b, annotations: {sluice.dev/capacity-events: \"0.5\"}}\n",
                3, 63, "'0.5' is not a whole quantity"},
        BadPart{"ConfigMissing",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                "spec: {config: {apiVersion: v1, kind: ConfigMap, name: nope}}\n",
                4, 56, "ConfigMap 'default/nope' is not declared"},
        BadPart{"ConfigOfAnotherKind",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                "spec: {config: {apiVersion: v1, kind: Secret, name: nope}}\n",
                4, 39, "'config' wants a ConfigMap, not a Secret"},
        BadPart{"ConfigWithoutTemplate",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                "spec: {config: {apiVersion: v1, kind: ConfigMap, name: empty}}\n",
                4, 56, "has no 'channel-template-spec' in its data"},
        BadPart{"ConfigTemplateBlock",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                "spec: {config: {apiVersion: v1, kind: ConfigMap, name: c}}\n---\n"
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
                "  channel-template-spec: |\n    apiVersion: messaging.knative.dev/v1\n"
                "    kind: InMemoryChanel\n",
                12, 11, "'InMemoryChanel' is not a kind of channel"},
        BadPart{"ConfigTemplateSyntax",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                "spec: {config: {apiVersion: v1, kind: ConfigMap, name: c}}\n---\n"
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
                "  channel-template-spec: |\n\n    kind: @x\n",
                12, 11, "cannot start with '@'"},
        BadPart{"ConfigTemplateQuoted",
                "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n"
                "spec: {config: {apiVersion: v1, kind: ConfigMap, name: c}}\n---\n"
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
                "data: {channel-template-spec: \"{kind: InMemoryChannel}\"}\n",
                9, 8, "missing field 'apiVersion' in channelTemplate"},
        BadPart{"SubscriptionToABroker",
                "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata: {name: s}\n"
                "spec:\n  channel: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: a}\n"
                "  subscriber: {uri: http://h/}\n",
                5, 56,
                "'channel' wants a Channel, InMemoryChannel, KafkaChannel or RedisChannel, not a "
                "Broker"},
        BadPart{"SubscriptionDangling",
                "apiVersion: messaging.knative.dev/v1\nkind: Subscription\nmetadata: {name: s}\n"
                "spec:\n  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: pip}"
                "\n  subscriber: {uri: http://h/}\n",
                5, 72, "Channel 'default/pip' is not declared", "did you mean 'pipe'?"},
        BadPart{"TriggerDangling",
                "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\n"
                "spec:\n  broker: order\n  subscriber: {uri: http://h/}\n",
                5, 11, "Broker 'default/order' is not declared", "did you mean 'orders'?"},
        BadPart{"TriggerInAnotherNamespace",
                "apiVersion: eventing.knative.dev/v1\nkind: Trigger\n"
                "metadata: {name: t, namespace: b}\n"
                "spec:\n  broker: orders\n  subscriber: {uri: http://h/}\n",
                5, 11, "Broker 'b/orders' is not declared", "in the namespace 'default'"}),
    part_name);

class TakenName : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(TakenName, IsRefusedWhereSomebodyHasTheNameOfAPartOfAFlow) {
  const auto& [kind, name] = GetParam();
  const std::string text =
      std::string("apiVersion: messaging.knative.dev/v1\nkind: ") + kind +
      "\nmetadata: {name: " + name + "}\n" +
      (std::string(kind) == "Subscription"
           ? "spec: {channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: c}, "
             "subscriber: {uri: \"http://h/\"}}\n---\napiVersion: messaging.knative.dev/v1\n"
             "kind: Channel\nmetadata: {name: c}\n"
           : "") +
      "---\napiVersion: flows.knative.dev/v1\nkind: Sequence\nmetadata: {name: q}\n"
      "spec: {steps: [{uri: \"http://h/\"}]}\n---\napiVersion: flows.knative.dev/v1\n"
      "kind: Parallel\nmetadata: {name: p}\nspec: {branches: [{subscriber: {uri: "
      "\"http://h/\"}}]}\n---\napiVersion: eventing.knative.dev/v1\nkind: Broker\n"
      "metadata: {name: b}\n";
  expect_refused({"", text.c_str(), 3, 18, "has the name of a part of", "rename it"});
}

INSTANTIATE_TEST_SUITE_P(Names, TakenName,
                         testing::Values(std::pair{"Channel", "q-kn-sequence-0"},
                                         std::pair{"Channel", "b-kne-trigger"},
                                         std::pair{"InMemoryChannel", "p-kn-parallel"},
                                         std::pair{"Channel", "p-kn-parallel-0"},
                                         std::pair{"Subscription", "q-kn-sequence-0"}));

}  // namespace
}  // namespace sluice
