// What is checked: what goes out to an HTTP subscriber, what its answers count as, and how
// connections are kept, replaced and bounded. Method: a scripted server on a free loopback port
// that answers byte for byte; the client runs on a core by hand. Deadlines are short where the
// server says nothing.

#include "sinks/http_sink.h"

#include "base/on_core.h"
#include "sinks/retry_after.h"
#include "sinks/trace_context.h"
#include "tests/support/events.h"
#include "tests/support/scripted_server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using Answer = ScriptedServer::Answer;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

Answer text(std::string bytes) { return {std::move(bytes), false, false}; }

std::string with_body(const std::string& head, const std::string& body) {
  return head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class HttpSinkTest : public testing::Test {
 protected:
  ~HttpSinkTest() override {
    run_on_core(pool_.core(0), close_idle());
    pool_.stop();
  }

  Awaitable<void> close_idle() {
    clients_.at(0).close_idle();
    co_return;
  }

  SinkPtr sink(const ScriptedServer& server, HttpSinkOptions options = {}) {
    options.url = server.url();
    options.ns = "shop";
    return std::move(make_http_sink(std::move(options), clients_)).value();
  }

  Attempt send(const SinkPtr& to, EventPtr event, milliseconds timeout = milliseconds(10'000)) {
    return run_on_core(pool_.core(0), to->send(std::move(event), steady_clock::now() + timeout));
  }

  Attempt answered_with(const std::string& bytes, HttpSinkOptions options = {}) {
    const ScriptedServer server({text(bytes)});
    return send(sink(server, std::move(options)), make_event("1"));
  }

  CorePool pool_{1};
  HttpClients clients_{pool_, HttpClientLimits()};
};

TEST_F(HttpSinkTest, SendsBinaryModeWithTheHeadersOfTheContract) {
  const ScriptedServer server({Answer()});
  EventBuilder builder;
  builder.set("id", "1")
      .set("source", "/shop")
      .set("type", "com.example.order")
      .set("subject", "caf\xc3\xa9 \"x\"")
      .set("knativebrokerttl", "7")
      .set("datacontenttype", "application/json")
      .header("x-request-id", "r1")
      .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
      .data(R"({"a":1})", DataKind::bytes);
  EXPECT_EQ(send(sink(server), builder.build()).status, 202);
  ASSERT_EQ(server.requests().size(), 1U);
  const std::string request = server.requests()[0];
  EXPECT_TRUE(request.starts_with("POST /events HTTP/1.1\r\n")) << request;
  for (const char* line :
       {"\r\nprefer: reply\r\n", "\r\nkn-namespace: shop\r\n", "\r\nx-request-id: r1\r\n",
        "\r\nce-id: 1\r\n", "\r\nce-source: /shop\r\n", "\r\nce-specversion: 1.0\r\n",
        "\r\nce-subject: caf%C3%A9%20%22x%22\r\n", "\r\ncontent-type: application/json\r\n",
        "\r\ncontent-length: 7\r\n", "\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-",
        "\r\n\r\n{\"a\":1}"}) {
    EXPECT_NE(request.find(line), std::string::npos) << line << " not in " << request;
  }
  EXPECT_EQ(request.find("b7ad6b7169203331"), std::string::npos) << "the span id is new";
  EXPECT_EQ(request.find("brokerttl"), std::string::npos);
}

TEST_F(HttpSinkTest, SendsStructuredModeWhenTheFormatIsJson) {
  const ScriptedServer server({Answer()});
  HttpSinkOptions options;
  options.format = DeliveryFormat::json;
  send(sink(server, options), make_event("1", {{"datacontenttype", "application/json"}}));
  const std::string request = server.requests().at(0);
  EXPECT_NE(request.find("content-type: application/cloudevents+json"), std::string::npos);
  EXPECT_NE(request.find(R"("id":"1")"), std::string::npos) << request;
  EXPECT_NE(request.find(R"("data":{})"), std::string::npos) << request;
}

TEST_F(HttpSinkTest, AsksForNoReplyWhereNoneIsWanted) {
  const ScriptedServer server({text(with_body(
      "HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: r\r\nce-source: /s\r\nce-type: t\r\n",
      "x"))});
  HttpSinkOptions options;
  options.expects_reply = false;
  const Attempt attempt = send(sink(server, options), make_event("1"));
  EXPECT_EQ(attempt.status, 200);
  EXPECT_FALSE(attempt.reply);
  EXPECT_EQ(server.requests().at(0).find("prefer"), std::string::npos);
}

TEST_F(HttpSinkTest, ReadsABinaryReply) {
  const Attempt attempt = answered_with(with_body(
      "HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: r\r\nce-source: /s\r\nce-type: t\r\n"
      "x-request-id: q\r\nx-other: no\r\ncontent-type: text/plain\r\n",
      "hello"));
  ASSERT_TRUE(attempt.reply) << attempt.detail;
  EXPECT_EQ(attempt.reply->id(), "r");
  EXPECT_EQ(attempt.reply->data(), "hello");
  EXPECT_EQ(attempt.reply->header("x-request-id"), "q");
  EXPECT_FALSE(attempt.reply->header("x-other"));
}

TEST_F(HttpSinkTest, ReadsAStructuredReplyThatComesChunked) {
  const std::string json =
      R"({"specversion":"1.0","id":"r","source":"/s","type":"t","data":{"n":1}})";
  const Attempt attempt = answered_with(
      "HTTP/1.1 200 OK\r\ncontent-type: application/cloudevents+json\r\n"
      "transfer-encoding: chunked\r\n\r\n10\r\n" +
      json.substr(0, 16) + "\r\n" + fmt::format("{:x}", json.size() - 16) + "\r\n" +
      json.substr(16) + "\r\n0\r\n\r\n");
  ASSERT_TRUE(attempt.reply) << attempt.detail;
  EXPECT_EQ(attempt.reply->data(), R"({"n":1})");
}

TEST_F(HttpSinkTest, ReadsAReplyThatEndsWithItsConnection) {
  const ScriptedServer server(
      {{"HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: r\r\n"
        "ce-source: /s\r\nce-type: t\r\n\r\nhello",
        true, false}});
  const Attempt attempt = send(sink(server), make_event("1"));
  ASSERT_TRUE(attempt.reply) << attempt.detail;
  EXPECT_EQ(attempt.reply->data(), "hello");
}

TEST_F(HttpSinkTest, ReadsALargeReply) {
  const std::string body(500'000, 'x');
  const Attempt attempt = answered_with(with_body(
      "HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\nce-id: r\r\nce-source: /s\r\nce-type: t\r\n",
      body));
  ASSERT_TRUE(attempt.reply) << attempt.detail;
  EXPECT_EQ(attempt.reply->data(), body);
}

struct AnswerRow {
  const char* name;
  std::string bytes;
  PlainReply plain;
  int status;
  bool ignored;
};

class JudgedAnswer : public HttpSinkTest, public testing::WithParamInterface<AnswerRow> {};

TEST_P(JudgedAnswer, CountsAsTheTableSays) {
  HttpSinkOptions options;
  options.plain_reply = GetParam().plain;
  const Attempt attempt = answered_with(GetParam().bytes, options);
  EXPECT_EQ(attempt.status, GetParam().status) << attempt.detail;
  EXPECT_EQ(attempt.ignored_body, GetParam().ignored);
  EXPECT_FALSE(attempt.reply);
}

constexpr auto kFail = PlainReply::fail;
constexpr auto kIgnore = PlainReply::ignore;

INSTANTIATE_TEST_SUITE_P(
    Table, JudgedAnswer,
    testing::Values(
        AnswerRow{"Empty200", with_body("HTTP/1.1 200 OK\r\n", ""), kFail, 200, false},
        AnswerRow{"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", kFail, 204, false},
        AnswerRow{"PlainBodyFails", with_body("HTTP/1.1 200 OK\r\n", "hi"), kFail, 502, false},
        AnswerRow{"PlainBodyIgnored", with_body("HTTP/1.1 200 OK\r\n", "hi"), kIgnore, 200, true},
        AnswerRow{
            "BrokenStructured",
            with_body("HTTP/1.1 200 OK\r\ncontent-type: application/cloudevents+json\r\n", "{"),
            kIgnore, 502, false},
        AnswerRow{"IncompleteBinary", with_body("HTTP/1.1 200 OK\r\nce-specversion: 1.0\r\n", ""),
                  kIgnore, 502, false},
        AnswerRow{"UnknownVersionEmpty", with_body("HTTP/1.1 200 OK\r\nce-specversion: 19\r\n", ""),
                  kFail, 200, false},
        AnswerRow{"UnknownVersionBody", with_body("HTTP/1.1 200 OK\r\nce-specversion: 19\r\n", "x"),
                  kFail, 502, false},
        AnswerRow{
            "XmlEvent",
            with_body("HTTP/1.1 200 OK\r\ncontent-type: application/cloudevents+xml\r\n", "x"),
            kIgnore, 502, false},
        AnswerRow{
            "Batch",
            with_body("HTTP/1.1 200 OK\r\ncontent-type: application/cloudevents-batch+json\r\n",
                      "[]"),
            kIgnore, 502, false},
        AnswerRow{"Redirect", "HTTP/1.1 307 x\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n", kFail,
                  307, false},
        AnswerRow{"ServerError", with_body("HTTP/1.1 500 x\r\n", "no"), kFail, 500, false},
        AnswerRow{"InterimThenFinal",
                  "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 202 x\r\ncontent-length: 0\r\n\r\n", kFail, 202,
                  false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(HttpSinkTest, WrapsAPlainBodyAsAnEventOfItsOwn) {
  HttpSinkOptions options;
  options.plain_reply = PlainReply::wrap;
  const ScriptedServer server(
      {text(with_body("HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\n", "a,b"))});
  const Attempt attempt =
      send(sink(server, options), make_event("c1", {{"partitionkey", "k"}, {"other", "o"}}));
  ASSERT_TRUE(attempt.reply);
  EXPECT_EQ(attempt.reply->type(), "dev.sluice.http.response");
  EXPECT_EQ(attempt.reply->source(), server.url());
  EXPECT_EQ(attempt.reply->data(), "a,b");
  EXPECT_EQ(attribute_of(attempt.reply, "datacontenttype"), "text/csv");
  EXPECT_EQ(attribute_of(attempt.reply, "causeid"), "c1");
  EXPECT_EQ(attribute_of(attempt.reply, "causesource"), "/shop");
  EXPECT_EQ(attribute_of(attempt.reply, "partitionkey"), "k");
  EXPECT_EQ(attribute_of(attempt.reply, "other"), "(absent)");
}

TEST_F(HttpSinkTest, NeverWrapsAnEmptyBody) {
  HttpSinkOptions options;
  options.plain_reply = PlainReply::wrap;
  const Attempt attempt = answered_with(with_body("HTTP/1.1 200 OK\r\n", ""), options);
  EXPECT_EQ(attempt.status, 200);
  EXPECT_FALSE(attempt.reply);
}

TEST_F(HttpSinkTest, KeepsTheFirstBytesOfAFailedAnswersBody) {
  const Attempt attempt = answered_with(with_body("HTTP/1.1 422 x\r\n", std::string(2000, 'e')));
  EXPECT_EQ(attempt.status, 422);
  EXPECT_EQ(attempt.body, std::string(768, 'e'));
}

TEST_F(HttpSinkTest, ReadsRetryAfterFrom429And503Only) {
  EXPECT_EQ(
      answered_with("HTTP/1.1 429 x\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n").retry_after,
      milliseconds(3000));
  EXPECT_EQ(
      answered_with("HTTP/1.1 503 x\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n").retry_after,
      milliseconds(3000));
  EXPECT_FALSE(
      answered_with("HTTP/1.1 500 x\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n").retry_after);
}

TEST_F(HttpSinkTest, HasNoStatusWhenNobodyListens) {
  std::string url;
  {
    const ScriptedServer gone({});
    url = gone.url();
  }
  HttpSinkOptions options;
  options.url = url;
  const Attempt attempt =
      send(std::move(make_http_sink(options, clients_)).value(), make_event("1"));
  EXPECT_EQ(attempt.status, 0);
  EXPECT_NE(attempt.detail.find("cannot connect"), std::string::npos) << attempt.detail;
}

TEST_F(HttpSinkTest, HasNoStatusWhenTheAnswerDoesNotComeInTime) {
  Answer never;
  never.never = true;
  const ScriptedServer server({never});
  const Attempt attempt = send(sink(server), make_event("1"), milliseconds(50));
  EXPECT_EQ(attempt.status, 0);
  EXPECT_NE(attempt.detail.find("deadline"), std::string::npos) << attempt.detail;
}

TEST_F(HttpSinkTest, HasNoStatusWhenTheAnswerIsBroken) {
  for (const char* bytes : {"garbage\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
                            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"}) {
    const Attempt attempt = answered_with(bytes);
    EXPECT_EQ(attempt.status, 0) << bytes;
    EXPECT_FALSE(attempt.detail.empty());
  }
}

TEST_F(HttpSinkTest, HasNoStatusWhenTheConnectionClosesInsideTheAnswer) {
  const ScriptedServer server({{"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", true, false}});
  const Attempt attempt = send(sink(server), make_event("1"));
  EXPECT_EQ(attempt.status, 0);
  EXPECT_NE(attempt.detail.find("closed"), std::string::npos) << attempt.detail;
}

TEST_F(HttpSinkTest, KeepsOneConnectionForOneEventAfterTheOther) {
  const ScriptedServer server({Answer()});
  const SinkPtr to = sink(server);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(to, make_event(std::to_string(i))).status, 202);
  EXPECT_EQ(server.connection_count(), 1U);
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST_F(HttpSinkTest, ReplacesAConnectionThatTheServerHasClosed) {
  const ScriptedServer server(
      {{"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", true, false}});
  const SinkPtr to = sink(server);
  for (std::size_t i = 1; i <= 4; ++i) {
    EXPECT_EQ(send(to, make_event(std::to_string(i))).status, 202);
    server.await_closed(i);
  }
}

TEST(MakeHttpSink, RefusesABadUrl) {
  CorePool pool(1);
  HttpClients clients(pool, HttpClientLimits());
  for (const char* url : {"", "localhost", "ftp://x/", "https://x/", "http://", "/path"}) {
    HttpSinkOptions options;
    options.url = url;
    EXPECT_FALSE(make_http_sink(options, clients)) << url;
  }
}

TEST(ParseRetryAfter, ReadsSecondsAndDates) {
  const auto now = std::chrono::system_clock::from_time_t(784111777);  // 1994-11-06T08:49:37Z
  EXPECT_EQ(parse_retry_after("120", now), milliseconds(120'000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), milliseconds(10'000));
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:47 GMT", now), milliseconds(10'000));
  EXPECT_EQ(parse_retry_after("Sun Nov  6 08:49:47 1994", now), milliseconds(10'000));
  EXPECT_EQ(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now),
            std::chrono::hours(24 * 366));  // Past what the system clock's unit can hold.
  for (const char* ignored :
       {"", "0", "-5", "soon", "1.5", "12 s", "Sun, 06 Nov 1994 08:49:27 GMT"}) {
    EXPECT_FALSE(parse_retry_after(ignored, now)) << ignored;
  }
}

TEST(NextTraceparent, KeepsTheTraceAndStartsOneWhereThereIsNone) {
  Core core(0);
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  std::string next;
  append_next_traceparent(*make_event("1", {{"traceparent", parent}}), core, next);
  EXPECT_EQ(next.size(), parent.size());
  EXPECT_EQ(next.substr(0, 36), parent.substr(0, 36));
  EXPECT_NE(next, parent);
  EXPECT_TRUE(next.ends_with("-01"));
  for (const char* broken : {"", "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                             "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"}) {
    next.clear();
    append_next_traceparent(*make_event("1", {{"traceparent", broken}}), core, next);
    EXPECT_EQ(next.size(), parent.size()) << broken;
    EXPECT_TRUE(next.ends_with("-00")) << broken;
  }
}

}  // namespace
}  // namespace sluice
