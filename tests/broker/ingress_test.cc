// What is checked: the front door over a real socket: each status of the contract for its request,
// what reaches the sink, keep-alive, pipelining, requests in pieces, deadlines, draining. Method:
// an Ingress on a free loopback port with two cores and a recording sink; a blocking client sends
// bytes as they stand in the tables.

#include "tests/broker/ingress_fixture.h"

#include "event/event_builder.h"

namespace sluice {
namespace {

const std::string kStructured = "Content-Type: application/cloudevents+json\r\n";

std::string event_with(const std::string& header) { return post(kEvent + header + "\r\n", "{}"); }

std::string json_event(const std::string& members) {
  return post(kStructured,
              R"({"specversion":"1.0","id":"1","source":"/s","type":"t")" + members + "}");
}

struct RequestRow {
  const char* name;
  std::string bytes;
  int status;
  const char* text;  // Somewhere in the answer.
};

std::vector<RequestRow> request_rows() {
  return {
      // Methods and paths.
      {"Options", "OPTIONS /default/b HTTP/1.1\r\nHost: a\r\n\r\n", 200,
       "WebHook-Allowed-Origin: *"},
      {"OptionsUnknown", "OPTIONS /default/x HTTP/1.1\r\nHost: a\r\n\r\n", 404, "/default/x"},
      {"Get", "GET /default/b HTTP/1.1\r\nHost: a\r\n\r\n", 405, "allow: POST, OPTIONS"},
      {"GetUnknown", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 405, "allow: POST, OPTIONS"},
      {"Put", "PUT /default/b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405, "PUT"},
      {"Patch", "PATCH /default/b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405, "PATCH"},
      {"Delete", "DELETE /default/b HTTP/1.1\r\nHost: a\r\n\r\n", 405, "DELETE"},
      {"OddMethod", "BREW /default/b HTTP/1.1\r\nHost: a\r\n\r\n", 405, "BREW"},
      {"UnknownPath", post(kEvent, "{}", "/default/x"), 404, "/default/x"},
      {"UnknownPathBadEvent", post("", "not an event", "/default/x"), 404, "/default/x"},
      {"Root", post(kEvent, "{}", "/"), 404, "address /"},
      {"TooManySegments", post(kEvent, "{}", "/knative/default/b"), 404, ""},
      {"TrailingSlash", post(kEvent, "{}", "/default/b/"), 202, ""},
      {"Query", post(kEvent, "{}", "/default/b?x=1"), 202, ""},
      {"AbsoluteForm", post(kEvent, "{}", "http://other/default/b"), 202, ""},
      // Framing.
      {"TeGzip", "POST /default/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400,
       "chunked"},
      {"NoHost", "POST /default/b HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, "no Host"},
      {"ObsFold", post(kEvent + "X: a\r\n b\r\n", "{}"), 400, "folded"},
      {"TwoLengths", post("Content-Length: 2\r\n" + kEvent, "{}"), 400, "Content-Length"},
      {"LongTarget", post(kEvent, "{}", "/" + std::string(9000, 'a')), 414, "8 KiB"},
      {"LargeHeader", post(kEvent + "X: " + std::string(40'000, 'a') + "\r\n", "{}"), 431,
       "32 KiB"},
      {"BodyTooLarge", post(kEvent, std::string(2000, 'x')), 413, "--max-event-bytes"},
      {"ChunkedTooLarge",
       "POST /default/b HTTP/1.1\r\nHost: a\r\n" + kEvent +
           "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\n\r\n",
       413, "--max-event-bytes"},
      {"LongChunkExtension",
       "POST /default/b HTTP/1.1\r\nHost: a\r\n" + kEvent + "Transfer-Encoding: chunked\r\n\r\n3;" +
           std::string(2000, 'e') + "\r\nabc\r\n0\r\n\r\n",
       400, "extension"},
      // Modes.
      {"NoMode", post("Content-Type: application/json\r\n", "{}"), 400, "specversion"},
      {"Xml", post("Content-Type: application/cloudevents+xml\r\n", "<x/>"), 415, "format"},
      {"NoSuffix", post("Content-Type: application/cloudevents\r\n", "{}"), 415, "format"},
      {"StructuredBroken", post(kStructured, "{"), 400, ""},
      {"StructuredArray", post(kStructured, "[]"), 400, ""},
      {"NotAnEvent", post(kStructured, "not an event"), 400, ""},
  };
}

std::vector<RequestRow> event_rows() {
  return {
      // Attributes.
      {"Version19", post("ce-specversion: 19.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n", ""),
       400, "specversion"},
      {"NoId", post("ce-specversion: 1.0\r\nce-source: /s\r\nce-type: t\r\n", ""), 400, "id"},
      {"NoSource", post("ce-specversion: 1.0\r\nce-id: 1\r\nce-type: t\r\n", ""), 400, "source"},
      {"NoType", post("ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\n", ""), 400, "type"},
      {"BlankId", post("ce-specversion: 1.0\r\nce-id:  \r\nce-source: /s\r\nce-type: t\r\n", ""),
       400, "id"},
      {"BadTime", event_with("ce-time: yesterday"), 400, "time"},
      {"TimeWithSpace", event_with("ce-time: 2024-05-01 12:34:56Z"), 400, "time"},
      {"BadSchema", event_with("ce-dataschema: relative"), 400, "dataschema"},
      {"BlankSubject", event_with("ce-subject: "), 400, "subject"},
      {"DataContentTypeHeader", event_with("ce-datacontenttype: text/plain"), 400,
       "datacontenttype"},
      {"BadName", event_with("ce-bad-name: x"), 400, "name"},
      {"Twice", event_with("ce-id: 2"), 400, "id"},
      {"BrokenPercent", event_with("ce-subject: %zz"), 400, "subject"},
      {"NotUtf8", event_with("ce-subject: %ff"), 400, "subject"},
      {"BadContentType", event_with("Content-Type: nonsense"), 400, "datacontenttype"},
      {"NumericId", post(kStructured, R"({"specversion":"1.0","id":1,"source":"/s","type":"t"})"),
       400, "id"},
      {"ObjectExtension", json_event(R"(,"ext":{})"), 400, "ext"},
      {"FloatExtension", json_event(R"(,"ext":1.5)"), 400, "ext"},
      {"BigIntegerExtension", json_event(R"(,"ext":2147483648)"), 400, "ext"},
      {"DuplicateKey", json_event(R"(,"id":"2")"), 400, "id"},
      {"DataAndBase64", json_event(R"(,"data":1,"data_base64":"eA==")"), 400, "data"},
      // What is fine.
      {"Binary", event_with("Content-Type: application/json"), 202, ""},
      {"EmptyBody", post(kEvent, ""), 202, ""},
      {"NoLengthNoBody", "POST /default/b HTTP/1.1\r\nHost: a\r\n" + kEvent + "\r\n", 202, ""},
      {"Version03", post("ce-specversion: 0.3\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n", ""),
       202, ""},
      {"LeapSecond", event_with("ce-time: 2016-12-31T23:59:60Z"), 202, ""},
      {"Structured", json_event(""), 202, ""},
      {"IntegerExtension", json_event(R"(,"ext":2147483647,"flag":true)"), 202, ""},
      {"NullData", json_event(R"(,"data":null)"), 202, ""},
      {"Thrift", event_with("Content-Type: application/vnd.apache.thrift.binary"), 202, ""},
      {"Http10", "POST /default/b HTTP/1.0\r\n" + kEvent + "Content-Length: 2\r\n\r\n{}", 202,
       "connection: close"},
  };
}

class IngressRequest : public IngressTest, public testing::WithParamInterface<RequestRow> {};

TEST_P(IngressRequest, IsAnsweredAsTheTableSays) {
  IngressLimits limits;
  limits.max_event_bytes = 1000;
  start(limits);
  const std::string answer = answer_to(GetParam().bytes);
  EXPECT_EQ(status_of(answer), GetParam().status) << answer;
  EXPECT_NE(answer.find(GetParam().text), std::string::npos) << answer;
  EXPECT_EQ(sink_->events().size(), GetParam().status == 202 ? 1U : 0U);
  if (GetParam().status >= 400) {
    EXPECT_NE(answer.find("content-type: application/problem+json"), std::string::npos) << answer;
    EXPECT_NE(answer.find("\"status\":" + std::to_string(GetParam().status)), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Requests, IngressRequest, testing::ValuesIn(request_rows()),
                         [](const auto& row) { return std::string(row.param.name); });
INSTANTIATE_TEST_SUITE_P(Events, IngressRequest, testing::ValuesIn(event_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(IngressTest, KeepsTheConnectionForTheNextRequest) {
  start();
  RawClient client(port_);
  for (int i = 0; i < 3; ++i) {
    client.send(post(kEvent, "{}"));
    EXPECT_EQ(status_of(client.read_answer()), 202);
  }
  client.send(post(kEvent + "ce-time: x\r\n", "{}"));
  EXPECT_EQ(status_of(client.read_answer()), 400);
  client.send(post(kEvent, "{}"));
  EXPECT_EQ(status_of(client.read_answer()), 202) << "a bad event does not end the connection";
  EXPECT_EQ(sink_->events().size(), 4U);
}

TEST_F(IngressTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port_);
  client.send(post(kEvent, "{}") + post(kEvent, "{}", "/none") + post(kEvent, "[]"));
  EXPECT_EQ(status_of(client.read_answer()), 202);
  EXPECT_EQ(status_of(client.read_answer()), 404);
  EXPECT_EQ(status_of(client.read_answer()), 202);
  ASSERT_EQ(sink_->events().size(), 2U);
  EXPECT_EQ(sink_->events()[1]->data(), "[]");
}

TEST_F(IngressTest, TakesARequestInPiecesOfAnySize) {
  start();
  const std::string whole = post(kEvent + "Content-Type: application/json\r\n", R"({"a":[1,2,3]})");
  const std::string chunked =
      "POST /default/b HTTP/1.1\r\nHost: a\r\n" + kEvent +
      "Transfer-Encoding: chunked\r\n\r\n6\r\n{\"a\":1\r\n1\r\n}\r\n0\r\n\r\n";
  RawClient client(port_);
  for (const std::string& request : {whole, chunked}) {
    for (const std::size_t step : {1UL, 7UL, 64UL, 150UL}) {
      for (std::size_t at = 0; at < request.size(); at += step)
        client.send(request.substr(at, step));
      EXPECT_EQ(status_of(client.read_answer()), 202) << step;
    }
  }
  ASSERT_EQ(sink_->events().size(), 8U);
  EXPECT_EQ(sink_->events()[0]->data(), R"({"a":[1,2,3]})");
  EXPECT_EQ(sink_->events()[7]->data(), R"({"a":1})");
}

TEST_F(IngressTest, TakesALargeBodyAndThePipelinedRequestBehindIt) {
  start();
  RawClient client(port_);
  const std::string body(900'000, 'x');
  client.send(post(kEvent, body) + post(kEvent, "{}"));
  EXPECT_EQ(status_of(client.read_answer()), 202);
  EXPECT_EQ(status_of(client.read_answer()), 202);
  ASSERT_EQ(sink_->events().size(), 2U);
  EXPECT_EQ(sink_->events()[0]->data(), body);
  EXPECT_EQ(sink_->events()[1]->data(), "{}");
}

TEST_F(IngressTest, AsksForTheBodyOfAClientThatWaits) {
  start();
  RawClient client(port_);
  client.send("POST /default/b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" + kEvent +
              "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("{}");
  EXPECT_EQ(status_of(client.read_answer()), 202);
}

TEST_F(IngressTest, RefusesALargeBodyBeforeItIsSentAndStillDeliversTheAnswer) {
  start();
  RawClient client(port_);
  client.send(post(kEvent, std::string(8'000'000, 'x')));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 413) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos);
}

TEST_F(IngressTest, AnswersWithWhatASinkReplies) {
  EventBuilder builder;
  builder.set("id", "r").set("source", "/model").set("type", "said").set("subject", "水");
  builder.set("datacontenttype", "text/plain").data("drink", DataKind::text);
  sink_->reply = builder.build();
  start();
  const std::string answer = answer_to(event_with(""));
  EXPECT_EQ(status_of(answer), 200) << answer;
  for (const char* line : {"ce-id: r\r\n", "ce-type: said\r\n", "content-type: text/plain\r\n",
                           "ce-subject: %E6%B0%B4\r\n", "content-length: 5\r\n"}) {
    EXPECT_NE(answer.find(line), std::string::npos) << line << answer;
  }
  EXPECT_TRUE(answer.ends_with("\r\n\r\ndrink")) << answer;
}

TEST_F(IngressTest, TrailersNeverBecomeHeaders) {
  start();
  EXPECT_EQ(
      status_of(answer_to("POST /default/b HTTP/1.1\r\nHost: a\r\n" + kEvent +
                          "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nce-evil: 1\r\n\r\n")),
      202);
  ASSERT_EQ(sink_->events().size(), 1U);
  EXPECT_FALSE(sink_->events()[0]->attribute("evil"));
}

TEST_F(IngressTest, PassesOnOnlyTheHeadersOfTheAllowList) {
  start();
  answer_to(post(kEvent + "Foo: 1\r\nX-Request-Id: r\r\nKnative-Foo: k\r\nX-B3-Sampled: 1\r\n"
                          "Authorization: secret\r\nPrefer: reply\r\n",
                 ""));
  ASSERT_EQ(sink_->events().size(), 1U);
  std::vector<std::string> names;
  sink_->events()[0]->for_each_header(
      [&](const PassedHeader& header) { names.emplace_back(header.name); });
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"knative-foo", "x-b3-sampled", "x-request-id"}));
}

TEST_F(IngressTest, AnswersAHeaderThatDoesNotArriveWith408) {
  IngressLimits limits;
  limits.header_timeout = std::chrono::milliseconds(30);
  start(limits);
  RawClient client(port_);
  client.send("POST /default/b HTTP/1.1\r\nHost:");
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 408) << answer;
  EXPECT_NE(answer.find("header"), std::string::npos);
}

TEST_F(IngressTest, AnswersABodyThatDoesNotArriveWith408) {
  IngressLimits limits;
  limits.body_timeout = std::chrono::milliseconds(30);
  start(limits);
  for (const char* framing :
       {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    RawClient client(port_);
    client.send("POST /default/b HTTP/1.1\r\nHost: a\r\n" + kEvent + framing);
    const std::string answer = client.read_to_end();
    EXPECT_EQ(status_of(answer), 408) << answer;
    EXPECT_NE(answer.find("body"), std::string::npos);
  }
}

TEST_F(IngressTest, ClosesAnIdleConnectionWithoutAWord) {
  IngressLimits limits;
  limits.idle_timeout = std::chrono::milliseconds(30);
  start(limits);
  RawClient client(port_);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(IngressTest, AnswersAsTheSinkDoes) {
  start();
  const std::pair<Errc, int> rows[] = {{Errc::resource_exhausted, 429},
                                       {Errc::unavailable, 503},
                                       {Errc::invalid_argument, 400},
                                       {Errc::cancelled, 503}};
  sink_->status = 0;
  for (const auto& [code, status] : rows) {
    sink_->refusal = code;
    const std::string answer = answer_to(post(kEvent, "{}"));
    EXPECT_EQ(status_of(answer), status);
    EXPECT_NE(answer.find("no room"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("retry-after: ") != std::string::npos, status == 429 || status == 503);
  }
}

TEST_F(IngressTest, AnswersEventsWith503WhileDrainingAndStaysOpen) {
  start();
  ingress_->drain();
  RawClient client(port_);
  client.send(post(kEvent, "{}"));
  const std::string answer = client.read_answer();
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_NE(answer.find("retry-after: "), std::string::npos);
  EXPECT_EQ(status_of(answer_to(post(kEvent, "{}", "/none"))), 404);
  EXPECT_EQ(status_of(answer_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
  EXPECT_TRUE(sink_->events().empty());
}

TEST_F(IngressTest, AnswersHeadWithoutABody) {
  start();
  RawClient client(port_);
  client.send("HEAD /default/b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 405);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(IngressTest, CountsAnswersByRouteAndCode) {
  start();
  answer_to(post(kEvent, "{}"));
  answer_to(post("", "x"));
  answer_to(post(kEvent, "{}", "/none"));
  EXPECT_EQ(counted(202), 1U);
  EXPECT_EQ(counted(400), 1U);
  EXPECT_EQ(counted(404), 0U);
  const auto& codes = IngressCounters::kCodes;
  const auto not_found = std::ranges::find(codes, 404) - codes.begin();
  EXPECT_EQ(routes_.unknown().counters.at(static_cast<std::size_t>(not_found)), 1U);
}

TEST_F(IngressTest, RefusesAnAddressThatIsTaken) {
  start();
  Ingress second(pool_, routes_, models_, {});
  const auto bind = [](Ingress& ingress, std::uint16_t port) -> Awaitable<std::string> {
    const auto bound = ingress.bind("127.0.0.1", port);
    co_return bound ? "bound" : bound.error().detail;
  };
  const std::string outcome = run_on_core(pool_.core(0), bind(second, port_));
  EXPECT_NE(outcome.find("cannot listen on 127.0.0.1"), std::string::npos) << outcome;
  const auto stop = [](Ingress& ingress) -> Awaitable<void> { co_await ingress.stop(); };
  run_on_core(pool_.core(0), stop(second));
}

}  // namespace
}  // namespace sluice
