// What is checked: POST /api/v1/explain of a running broker: the same answer as the command's, in
// both modes; what is refused; that nothing is published. Method: the built program on free ports,
// and a blocking client that sends bytes as they stand here.

#include "tests/cli/run_sluice.h"
#include "tests/support/raw_client.h"

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

using nlohmann::json;

constexpr const char* kManifests = R"(
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: default}
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: other, namespace: shop}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: orders}
spec:
  broker: default
  filters: [{prefix: {type: com.example.order.}}, {exact: {knativebrokerttl: "255"}}]
  subscriber: {ref: {apiVersion: sluice.dev/v1alpha1, kind: EventDisplay, name: display}}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: everything}
spec:
  broker: default
  subscriber: {uri: http://127.0.0.1:9/}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: acme, namespace: shop}
spec:
  broker: other
  filter: {attributes: {tenant: acme}}
  subscriber: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: other}}
---
apiVersion: messaging.knative.dev/v1
kind: Channel
metadata: {name: apart}
---
apiVersion: sluice.dev/v1alpha1
kind: EventDisplay
metadata: {name: display}
)";

constexpr const char* kEvent = R"({"specversion":"1.0","id":"1","source":"/s","tenant":"Acme",)"
                               R"("type":"com.example.ordr.paid"})";

const std::string kStructured = "content-type: application/cloudevents+json\r\n";

// A running `sluice serve`.
class Server {
 public:
  Server()
      : process_({SLUICE_BINARY, "serve", "-f", manifests(), "--listen", "127.0.0.1:0", "--admin",
                  "127.0.0.1:0", "--max-event-bytes", "4096"}) {
    constexpr std::string_view kBefore = "admin=http://127.0.0.1:";
    std::string line = process_.next_error_line();
    while (line.find("serve.ready") == std::string::npos && line.size() > 1) {
      line = process_.next_error_line();
    }
    const std::size_t at = line.find(kBefore);
    EXPECT_NE(at, std::string::npos) << line;
    admin_ = static_cast<std::uint16_t>(std::stoi(line.substr(at + kBefore.size())));
  }
  ~Server() {
    process_.signal(SIGTERM);
    EXPECT_EQ(process_.wait().status, kExitOk);
  }

  static std::string manifests() { return write_file("explain_page.yaml", kManifests); }

  [[nodiscard]] std::string answer_to(const std::string& request) const {
    RawClient client(admin_);
    client.send(request);
    return client.read_answer();
  }

  [[nodiscard]] std::string post(const std::string& headers, const std::string& body,
                                 const std::string& query = "") const {
    return answer_to("POST /api/v1/explain" + query + " HTTP/1.1\r\nhost: a\r\n" + headers +
                     "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

 private:
  ChildProcess process_;
  std::uint16_t admin_ = 0;
};

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST(ExplainPage, AnswersAsTheCommandDoes) {
  const Server server;
  const std::string answer = server.post(kStructured, kEvent);
  EXPECT_EQ(answer.find("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"), 0U) << answer;
  const json explained = json::parse(body_of(answer));
  const auto ran = run_sluice({"explain", "-f", Server::manifests(), "--event",
                               write_file("explain_page.json", kEvent), "-o", "json"});
  EXPECT_EQ(explained, json::parse(ran.out)) << ran.err;
  EXPECT_EQ(explained["brokers"][0]["triggers"][0]["takes"], false);
  EXPECT_EQ(explained["brokers"][0]["triggers"][1]["takes"], true);
  const std::string in_binary_mode = server.post(
      "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: com.example.ordr.paid\r\n"
      "ce-tenant: Acme\r\ncontent-type: text/plain\r\n",
      "hello");
  EXPECT_EQ(json::parse(body_of(in_binary_mode)), explained);
}

TEST(ExplainPage, IsRestrictedToABroker) {
  const Server server;
  for (const char* query : {"?broker=shop/other", "?broker=shop%2Fother", "?&broker=shop/other"}) {
    const json explained = json::parse(body_of(server.post(kStructured, kEvent, query)));
    ASSERT_EQ(explained["brokers"].size(), 1U) << query;
    EXPECT_EQ(explained["brokers"][0]["name"], "other");
    const json& trigger = explained["brokers"][0]["triggers"][0];
    EXPECT_EQ(trigger["subscriber"], "/shop/other");
    EXPECT_EQ(trigger["explanation"]["parts"][0]["hint"], "differs only in case");
  }
}

TEST(ExplainPage, PublishesNothing) {
  const Server server;
  EXPECT_NE(server.post(kStructured, kEvent).find(" 200 OK"), std::string::npos);
  const std::string metrics = server.answer_to("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_NE(metrics.find("sluice_ingress_events_total{namespace=\"default\",kind=\"broker\","
                         "name=\"default\",code=\"202\"} 0\n"),
            std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("sluice_trigger_events_total{namespace=\"default\",trigger=\"orders\","
                         "outcome=\"filtered\"} 0\n"),
            std::string::npos)
      << metrics;
}

TEST(ExplainPage, RefusesWithAProblem) {
  const Server server;
  struct {
    const char* name;
    std::string headers;
    std::string body;
    std::string query;
    int status;
    const char* why;
  } const table[] = {
      {"NoEvent", "content-type: application/json\r\n", "{}", "", 400, "specversion"},
      {"Empty", kStructured, "", "", 400, "malformed JSON"},
      {"NoId", kStructured, R"({"specversion":"1.0","source":"/s","type":"t"})", "", 400, "'id'"},
      {"BadSource", "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: a%20b\r\nce-type: t\r\n", "", "",
       400, "'source'"},
      {"UsedUp", kStructured,
       R"({"specversion":"1.0","id":"1","source":"/s","type":"t","knativebrokerttl":1})", "", 400,
       "'knativebrokerttl' is used up"},
      {"Batch", "content-type: application/cloudevents-batch+json\r\n", "[]", "", 400,
       "one event, not a batch"},
      {"Avro", "content-type: application/cloudevents+avro\r\n", "x", "", 415,
       "application/cloudevents+json"},
      {"TooLarge", kStructured, std::string(5000, ' '), "", 413, "--max-event-bytes"},
      {"NoSuchBroker", kStructured, kEvent, "?broker=defalt", 404,
       "did you mean 'default/default'?"},
      {"BadEscape", kStructured, kEvent, "?broker=%2", 400, "percent"},
      {"UnknownParameter", kStructured, kEvent, "?brokr=a", 400, "known: broker=NAMESPACE/NAME"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(row.name);
    const std::string answer = server.post(row.headers, row.body, row.query);
    EXPECT_EQ(answer.find("HTTP/1.1 " + std::to_string(row.status) + " "), 0U) << answer;
    EXPECT_NE(answer.find("content-type: application/problem+json\r\n"), std::string::npos);
    const json problem = json::parse(body_of(answer));
    EXPECT_EQ(problem["status"], row.status);
    EXPECT_NE(problem["detail"].get<std::string>().find(row.why), std::string::npos) << problem;
  }
  const std::string read = server.answer_to("GET /api/v1/explain HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(read.find("HTTP/1.1 405 "), 0U) << read;
  EXPECT_NE(read.find("allow: POST\r\n"), std::string::npos) << read;
}

}  // namespace
}  // namespace sluice
