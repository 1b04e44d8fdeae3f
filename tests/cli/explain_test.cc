// What is checked: `sluice explain` as a user meets it: the text to the letter, the JSON, what is
// refused and with which status; that an event is explained as its Broker's triggers would see it.
// Method: the command in this process, on files of the test's own.

#include "tests/cli/run_sluice.h"

#include <nlohmann/json.hpp>

namespace sluice {

void add_explain(CLI::App& app, int& status);

namespace {

using nlohmann::json;

constexpr const char* kManifests = R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: default}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: orders, namespace: shop}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: idle}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: everything}
spec:
  broker: default
  subscriber: {uri: http://127.0.0.1:9000/all}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: orders}
spec:
  broker: default
  filters: [{prefix: {type: com.example.order.}}]
  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: EventDisplay, name: display}}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: audit}
spec:
  broker: default
  filters:
  - prefix: {type: com.example.order.}
  - any:
    - exact: {tenant: acme}
    - not: {exact: {subject: "17", region: eu}}
  subscriber: {uri: http://127.0.0.1:9000/audit}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: dated, namespace: shop}
spec:
  broker: orders
  filter: {attributes: {knativearrivaltime: "", knativebrokerttl: "255"}}
  subscriber: {uri: http://127.0.0.1:9000/dated}
---
apiVersion: sluice.dev/v1alpha1
kind: EventDisplay
metadata: {name: display}
)";

constexpr const char* kEvent = R"({"specversion":"1.0","id":"A-1","source":"/shop",
  "type":"com.example.order.created","subject":"17","tenant":"Acme","region":"eu","data":{"n":1}}
)";

// Every row's `hint` and `found` as people read them.
constexpr const char* kText =
    R"(Event 'A-1' of type 'com.example.order.created' from '/shop'

Broker default/default
  default/everything  takes it -> http://127.0.0.1:9000/all
    pass  no filter
  default/orders      takes it -> /default/sinks/display
    pass  type starts with com.example.order.  type is 'com.example.order.created'
  default/audit       does not take it
    FAIL  all
    pass    type starts with com.example.order.  type is 'com.example.order.created'
    FAIL    any
    FAIL      tenant = acme                      tenant is 'Acme'; differs only in case
    FAIL      not
    pass        exact
    pass          region = eu                    region is 'eu'
    pass          subject = 17                   subject is '17'

Broker shop/orders
  shop/dated  takes it -> http://127.0.0.1:9000/dated
)";

struct Files {
  std::string manifests = write_file("explain.yaml", kManifests);
  std::string event = write_file("explain_event.json", kEvent);
};

ChildOutcome explain(std::vector<std::string> args) {
  args.insert(args.begin(), "explain");
  return run_command(&add_explain, args);
}

ChildOutcome explain_event(const std::string& event, std::vector<std::string> args = {}) {
  const Files files;
  args.insert(args.begin(), {"-f", files.manifests, "--event", write_file("odd.json", event)});
  return explain(std::move(args));
}

TEST(ExplainCommand, SaysWhoTakesAnEventAndWhyNot) {
  const Files files;
  const auto ran = explain({"-f", files.manifests, "--event", files.event});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(ran.out.substr(0, std::string_view(kText).size()), kText);
  EXPECT_NE(ran.out.find("\nBroker default/idle\n  no triggers\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("\n\n3 of 4 triggers take it\n"), std::string::npos) << ran.out;
}

TEST(ExplainCommand, SeesTheStampsOfTheBroker) {
  const Files files;
  const auto ran =
      explain({"-f", files.manifests, "--event", files.event, "--broker", "shop/orders"});
  EXPECT_NE(ran.out.find("    pass    knativearrivaltime is present  knativearrivaltime is '20"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("    pass    knativebrokerttl = 255         knativebrokerttl is '255'\n"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("\n\n1 of 1 trigger takes it\n"), std::string::npos) << ran.out;
}

TEST(ExplainCommand, IsRestrictedToABroker) {
  const Files files;
  const auto of = [&](const char* broker) {
    return explain({"-f", files.manifests, "--event", files.event, "--broker", broker});
  };
  for (const char* name : {"default", "default/default"}) {
    const auto ran = of(name);
    EXPECT_EQ(ran.status, kExitOk) << ran.err;
    EXPECT_EQ(ran.out.find("Broker shop/"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("\n\n2 of 3 triggers take it\n"), std::string::npos) << ran.out;
  }
  const auto misspelt = of("shop/order");
  EXPECT_EQ(misspelt.status, kExitUsage);
  EXPECT_EQ(misspelt.out, "");
  EXPECT_EQ(misspelt.err,
            "error: --broker: there is no Broker 'shop/order'; did you mean 'shop/orders'?\n");
}

TEST(ExplainCommand, NobodyTakingItIsNoFailure) {
  const auto ran = explain_event(R"({"specversion":"1.0","id":"1","source":"/s","type":"t"})",
                                 {"--broker", "idle"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_NE(ran.out.find("0 of 0 triggers take it\n"), std::string::npos) << ran.out;
}

TEST(ExplainCommand, SpeaksJson) {
  const Files files;
  const auto ran = explain({"-f", files.manifests, "--event", files.event, "-o", "json"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  const json answer = json::parse(ran.out);
  EXPECT_EQ(answer["event"],
            (json{{"id", "A-1"}, {"source", "/shop"}, {"type", "com.example.order.created"}}));
  ASSERT_EQ(answer["brokers"].size(), 3U);
  EXPECT_EQ(answer["brokers"][1]["namespace"], "shop");
  EXPECT_EQ(answer["brokers"][1]["name"], "orders");
  const json& triggers = answer["brokers"][0]["triggers"];
  ASSERT_EQ(triggers.size(), 3U);
  EXPECT_EQ(triggers[0], (json{{"namespace", "default"},
                               {"name", "everything"},
                               {"subscriber", "http://127.0.0.1:9000/all"},
                               {"takes", true},
                               {"explanation", nullptr}}));
  EXPECT_EQ(triggers[2]["takes"], false);
  const json& any = triggers[2]["explanation"]["parts"][1];
  EXPECT_EQ(any["clause"], "any");
  EXPECT_EQ(any["parts"][0]["parts"][0], (json{{"clause", "tenant = acme"},
                                               {"passes", false},
                                               {"attribute", "tenant"},
                                               {"seen", "Acme"},
                                               {"problem", ""},
                                               {"hint", "differs only in case"},
                                               {"parts", json::array()}}));
}

TEST(ExplainCommand, SaysWhatIsAbsent) {
  const std::string event =
      R"({"specversion":"1.0","id":"1","source":"/s","type":"com.example.order.paid"})";
  const auto text = explain_event(event, {"--broker", "default"});
  EXPECT_NE(text.out.find("tenant = acme                      tenant is absent\n"),
            std::string::npos)
      << text.out;
  const json answer = json::parse(explain_event(event, {"-o", "json"}).out);
  const json& any = answer["brokers"][0]["triggers"][2]["explanation"]["parts"][1];
  EXPECT_EQ(any["parts"][0]["parts"][0]["seen"], nullptr);
}

TEST(ExplainCommand, TakesAnyData) {
  for (const char* data : {R"("data":null)", R"("data":[1,{"a":2}])", R"("data_base64":"AAEC")",
                           R"("datacontenttype":"text/plain","data":"hello")"}) {
    const auto ran = explain_event(
        std::string(R"({"specversion":"1.0","id":"1","source":"/s","type":"t",)") + data + "}");
    EXPECT_EQ(ran.status, kExitOk) << data << ran.err;
  }
}

TEST(ExplainCommand, MakesOddTextSafe) {
  const std::string manifests = write_file("odd.yaml", R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: default}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: odd}
spec:
  broker: default
  filters: [{exact: {x: "a\e[31m\nb"}}]
  subscriber: {uri: http://127.0.0.1:9000/}
)");
  const std::string event =
      write_file("long.json", R"({"specversion":"1.0","id":"1","source":"/s","type":"t","x":")" +
                                  std::string(100'000, 'y') + "\"}");
  const auto text = explain({"-f", manifests, "--event", event});
  EXPECT_NE(text.out.find("x = a?[31m?b  x is '" + std::string(60, 'y') + "...'\n"),
            std::string::npos)
      << text.out;
  const auto as_json = explain({"-f", manifests, "--event", event, "-o", "json"});
  EXPECT_LT(as_json.out.size(), 5000U);
  const json leaf =
      json::parse(as_json.out)["brokers"][0]["triggers"][0]["explanation"]["parts"][0];
  EXPECT_EQ(leaf["clause"], "x = a\x1b[31m\nb");
}

TEST(ExplainCommand, RefusesWhatIsNoEvent) {
  struct {
    const char* text;
    const char* why;
  } const table[] = {
      {"", "malformed JSON"},
      {"not json", "malformed JSON"},
      {"[]", "this is a list of events, a batch: explain takes one event, a JSON object"},
      {" \n [{}]", "a batch"},
      {"5", "malformed JSON"},
      {R"({"id":"1","source":"/s","type":"t"})", "'specversion' is required"},
      {R"({"specversion":"1.0","source":"/s","type":"t"})", "'id'"},
      {R"({"specversion":"1.0","id":"1","type":"t"})", "'source'"},
      {R"({"specversion":"1.0","id":"1","source":"/s"})", "'type'"},
      {R"({"specversion":"1.0","id":"1","source":"a b","type":"t"})", "'source'"},
      {R"({"specversion":"1.0","id":"1","source":"/s","type":"t","X":"1"})", "'X'"},
      {R"({"specversion":"1.0","id":"1","source":"/s","type":"t","knativebrokerttl":1})",
       "'knativebrokerttl' is used up"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.text);
    const auto ran = explain_event(row.text);
    EXPECT_EQ(ran.status, kExitBad);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.err.find("error: "), 0U) << ran.err;
    EXPECT_NE(ran.err.find("odd.json: "), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find(row.why), std::string::npos) << ran.err;
  }
}

TEST(ExplainCommand, RefusesBadManifestsWithTheFindings) {
  const Files files;
  const std::string bad = write_file(
      "bad.yaml",
      "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\nspec:\n"
      "  broker: nowhere\n  subscriber: {ref: {apiVersion: v1, kind: Service, name: web}}\n");
  const auto ran = explain({"-f", bad, "--event", files.event});
  EXPECT_EQ(ran.status, kExitBad);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("bad.yaml:5:11: error: "), std::string::npos) << ran.err;
}

TEST(ExplainCommand, TakesServicesFromTheCommandLine) {
  const Files files;
  const std::string manifests =
      write_file("service.yaml",
                 "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n---\n"
                 "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: t}\nspec:\n"
                 "  broker: b\n  subscriber: {ref: {apiVersion: v1, kind: Service, name: web}}\n");
  const auto resolved = explain({"-f", manifests, "--event", files.event, "--resolve",
                                 "default/web=http://127.0.0.1:9000/x"});
  EXPECT_NE(resolved.out.find("takes it -> http://127.0.0.1:9000/x\n"), std::string::npos)
      << resolved.out << resolved.err;
  const auto clustered =
      explain({"-f", manifests, "--event", files.event, "--cluster-domain", "svc.cluster.local"});
  EXPECT_NE(clustered.out.find("takes it -> http://web.default.svc.cluster.local"),
            std::string::npos)
      << clustered.out << clustered.err;
}

TEST(ExplainCommand, MissingPathsAndBadFlagsAreUsageErrors) {
  const Files files;
  const auto no_manifests = explain({"-f", files.manifests + ".not", "--event", files.event});
  EXPECT_EQ(no_manifests.status, kExitUsage);
  EXPECT_NE(no_manifests.err.find("no such file"), std::string::npos) << no_manifests.err;
  const auto no_event = explain({"-f", files.manifests, "--event", files.event + ".not"});
  EXPECT_EQ(no_event.status, kExitUsage);
  EXPECT_NE(no_event.err.find("error: --event: cannot read '" + files.event + ".not'"),
            std::string::npos)
      << no_event.err;
  const auto twice = explain({"-f", "-", "--event", "-"});
  EXPECT_EQ(twice.status, kExitUsage);
  EXPECT_EQ(twice.err, "error: standard input cannot be both -f and --event\n");
  EXPECT_EQ(explain({"-f", files.manifests}).status, kExitUsage);
  EXPECT_EQ(explain({"--event", files.event}).status, kExitUsage);
  EXPECT_EQ(explain({"-f", files.manifests, "--event", files.event, "-o", "xml"}).status,
            kExitUsage);
}

}  // namespace
}  // namespace sluice
