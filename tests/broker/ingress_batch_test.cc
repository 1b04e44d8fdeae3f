// What is checked: batch mode at the front door: what is accepted and what is refused, as a whole,
// what is answered, and how it is counted. Method: as in ingress_test.cc.

#include "tests/broker/ingress_fixture.h"

#include "tests/support/events.h"

#include <gmock/gmock.h>

namespace sluice {
namespace {

using testing::HasSubstr;

const std::string kBatch = "Content-Type: application/cloudevents-batch+json\r\n";

std::string event_named(const std::string& id, const std::string& more = "") {
  return R"({"specversion":"1.0","id":")" + id + R"(","source":"/s","type":"t")" + more + "}";
}

std::string batch_of(const std::vector<std::string>& events) {
  std::string text;
  for (const std::string& event : events) text += (text.empty() ? "[" : ",") + event;
  return post(kBatch, text + "]");
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

TEST_F(IngressTest, HandsABatchOnAsAWholeAndCountsItsEvents) {
  start();
  RawClient client(port_);
  client.send(
      batch_of({event_named("1"), event_named("2", R"(,"data":[1, 2])"), event_named("1")}));
  const std::string answer = client.read_answer();
  EXPECT_EQ(status_of(answer), 202) << answer;
  EXPECT_EQ(body_of(answer), "");
  client.send(post(kEvent, "{}"));
  EXPECT_EQ(status_of(client.read_answer()), 202) << "the connection goes on";
  const auto events = sink_->events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0]->id(), "1");
  EXPECT_EQ(events[1]->data(), "[1, 2]");
  EXPECT_EQ(events[2]->id(), "1");
  EXPECT_EQ(sink_->batches, 1);
  EXPECT_EQ(counted(202), 4U);
}

TEST_F(IngressTest, AcceptsAnEmptyBatchAndCountsNothing) {
  start();
  EXPECT_EQ(status_of(answer_to(post(kBatch, "[]"))), 202);
  EXPECT_EQ(sink_->batches, 0);
  EXPECT_EQ(counted(202), 0U);
}

TEST_F(IngressTest, RefusesABatchOfWhichOneEventIsBad) {
  start();
  const std::string old = R"({"specversion":"0.3","id":"2","source":"/s","type":"t"})";
  const std::pair<std::string, const char*> rows[] = {
      {batch_of({event_named("1"), event_named("2"), "{}"}), "event 2: 'specversion' is required"},
      {batch_of({event_named("1"), event_named("")}), "event 1: attribute 'id' is blank"},
      {batch_of({event_named("1"), old}), "event 1: 'specversion' is 0.3"},
      {batch_of({"5"}), "event 0: is no JSON object"},
      {post(kBatch, event_named("1")), "want an array"},
      {post(kBatch, ""), "the text is empty"},
      {post(kBatch, "[{},"), "event 1: malformed JSON at byte 4"},
  };
  std::uint64_t refused = 0;
  for (const auto& [request, why] : rows) {
    const std::string answer = answer_to(request);
    EXPECT_EQ(status_of(answer), 400) << answer;
    EXPECT_THAT(answer, HasSubstr(why));
    EXPECT_THAT(answer, HasSubstr("content-type: application/problem+json"));
    EXPECT_EQ(counted(400), ++refused) << "once, whatever it holds";
  }
  EXPECT_TRUE(sink_->events().empty());
}

TEST_F(IngressTest, AnswersABatchAsTheSinkDoes) {
  start();
  const std::pair<Errc, int> rows[] = {
      {Errc::resource_exhausted, 429}, {Errc::unavailable, 503}, {Errc::invalid_argument, 400}};
  sink_->status = 0;
  for (const auto& [code, status] : rows) {
    sink_->refusal = code;
    const std::string answer = answer_to(batch_of({event_named("1"), event_named("2")}));
    EXPECT_EQ(status_of(answer), status) << answer;
    EXPECT_THAT(answer, HasSubstr("no room"));
    EXPECT_EQ(answer.find("retry-after: ") != std::string::npos, status != 400);
    EXPECT_EQ(counted(status), 1U);
  }
}

TEST_F(IngressTest, AnswersABatchWithTheReplies) {
  sink_->reply = make_event("r", {{"datacontenttype", "application/json"}}, R"({"a":1})");
  start();
  const std::string answer = answer_to(batch_of({event_named("1"), event_named("2")}));
  EXPECT_EQ(status_of(answer), 200) << answer;
  EXPECT_THAT(answer, HasSubstr("content-type: application/cloudevents-batch+json\r\n"));
  const std::string reply =
      R"({"specversion":"1.0","id":"r","source":"/shop","type":"com.example.order",)"
      R"("datacontenttype":"application/json","data":{"a":1}})";
  EXPECT_EQ(body_of(answer), "[" + reply + "," + reply + "]");
  EXPECT_EQ(counted(200), 2U);
}

TEST_F(IngressTest, BoundsABatchAsABody) {
  IngressLimits limits;
  limits.max_event_bytes = 1000;
  start(limits);
  std::vector<std::string> events(20, event_named("1"));
  const std::string answer = answer_to(batch_of(events));
  EXPECT_EQ(status_of(answer), 413) << answer;
  EXPECT_EQ(counted(413), 1U);
  events.resize(10);
  EXPECT_EQ(status_of(answer_to(batch_of(events))), 202);
}

TEST_F(IngressTest, TakesABatchInPieces) {
  start();
  RawClient client(port_);
  const std::string request = batch_of({event_named("1"), event_named("2")});
  for (std::size_t at = 0; at < request.size(); at += 7) client.send(request.substr(at, 7));
  EXPECT_EQ(status_of(client.read_answer()), 202);
  EXPECT_EQ(sink_->events().size(), 2U);
}

TEST_F(IngressTest, RefusesABatchWhileDraining) {
  start();
  ingress_->drain();
  EXPECT_EQ(status_of(answer_to(batch_of({event_named("1")}))), 503);
}

TEST_F(IngressTest, RefusesABatchThatIsNotJson) {
  start();
  const std::string answer =
      answer_to(post("Content-Type: application/cloudevents-batch+avro\r\n", "[]"));
  EXPECT_EQ(status_of(answer), 415) << answer;
}

}  // namespace
}  // namespace sluice
