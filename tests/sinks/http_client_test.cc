// What is checked: how connections are shared out among hosts within the limits, and how names
// become addresses. Method: scripted servers on free loopback ports, one client on a core run by
// hand; a server or a name server that the test holds keeps things as they are meanwhile.

#include "sinks/http_client.h"

#include "base/task_group.h"
#include "tests/support/fake_names.h"
#include "tests/support/run_task.h"
#include "tests/support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class HttpClientTest : public testing::Test {
 protected:
  using Ended = std::vector<Result<int>>;

  void make(HttpClientLimits limits) {
    client_ = std::make_unique<HttpClient>(core_, limits,
                                           std::make_shared<Resolver>(FakeNames::options(names_)));
  }

  ~HttpClientTest() override { client_.reset(); }

  static std::string url(const ScriptedServer& server, const std::string& host = "127.0.0.1") {
    return "http://" + host + ":" + std::to_string(server.port()) + "/";
  }

  static Deadline soon() { return steady_clock::now() + milliseconds(20); }
  static Deadline late() { return steady_clock::now() + std::chrono::minutes(1); }

  static Awaitable<Result<int>> post(HttpClient& client, HttpUrl url, Deadline deadline) {
    const std::string head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    HttpPost request;
    request.url = &url;
    request.head = head;
    const auto answer = co_await client.post(request, deadline);
    if (!answer) co_return answer.error();
    co_return answer.value().head->status;
  }

  static Awaitable<void> post_into(HttpClient& client, HttpUrl url, Deadline deadline,
                                   Ended& ended) {
    ended.push_back(co_await post(client, std::move(url), deadline));
  }

  /// Starts a request; how it ended goes to `ended`.
  void spawn(const std::string& url, Ended& ended, Deadline deadline) {
    group_.spawn(post_into(*client_, parse_http_url(url).value(), deadline, ended));
    drain(core_);
  }

  void run_until_ended(const Ended& ended, std::size_t count = 1) {
    run_until(core_, [&] { return ended.size() == count; });
  }

  void run_until_asked(const ScriptedServer& server) {
    run_until(core_, [&] { return !server.requests().empty(); });
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  std::shared_ptr<FakeNames> names_ = std::make_shared<FakeNames>();
  std::unique_ptr<HttpClient> client_;
  TaskGroup group_{core_};
};

ScriptedServer::Answer held() {
  ScriptedServer::Answer answer;
  answer.held = true;
  return answer;
}

TEST_F(HttpClientTest, ConnectsToANameThroughTheResolver) {
  const ScriptedServer server({});
  make(HttpClientLimits());
  Ended ended;
  spawn(url(server, "a.test"), ended, late());
  run_until_ended(ended);
  ASSERT_TRUE(ended[0]) << ended[0].error().detail;
  EXPECT_EQ(ended[0].value(), 202);
  EXPECT_THAT(names_->asked(), ElementsAre("a.test"));
}

TEST_F(HttpClientTest, ResolvesNoAddress) {
  const ScriptedServer server({});
  make(HttpClientLimits());
  Ended ended;
  spawn(url(server), ended, late());
  run_until_ended(ended);
  EXPECT_TRUE(ended[0]);
  EXPECT_THAT(names_->asked(), IsEmpty());
}

TEST_F(HttpClientTest, FailsWhenTheNameIsNotKnown) {
  const ScriptedServer server({});
  make(HttpClientLimits());
  Ended ended;
  spawn(url(server, "a.invalid"), ended, late());
  run_until_ended(ended);
  ASSERT_FALSE(ended[0]);
  EXPECT_EQ(ended[0].error().code, Errc::unavailable);
  EXPECT_THAT(ended[0].error().detail, HasSubstr("cannot resolve a.invalid"));
}

TEST_F(HttpClientTest, ANameThatIsNotResolvedInTimeHoldsUpNeitherItsSenderNorOthers) {
  const ScriptedServer server({});
  make(HttpClientLimits());
  names_->hold("slow.test");
  Ended slow;
  Ended other;
  spawn(url(server, "slow.test"), slow, soon());
  spawn(url(server, "b.test"), other, late());
  run_until_ended(other);
  EXPECT_TRUE(other[0]);
  run_until_ended(slow);
  ASSERT_FALSE(slow[0]);
  EXPECT_EQ(slow[0].error().code, Errc::deadline_exceeded);
  EXPECT_EQ(slow[0].error().detail, "resolving slow.test took too long");
  names_->release("slow.test");
}

HttpClientLimits limits(std::size_t connections, std::size_t per_host) {
  HttpClientLimits limits;
  limits.connections = connections;
  limits.connections_per_host = per_host;
  return limits;
}

TEST_F(HttpClientTest, AConnectionThatIsLetGoMakesRoomForAnotherHost) {
  ScriptedServer a({held()});
  const ScriptedServer b({});
  make(limits(1, 1));
  Ended of_a;
  Ended of_b;
  spawn(url(a), of_a, late());
  run_until_asked(a);
  spawn(url(b), of_b, late());
  EXPECT_EQ(b.connection_count(), 0U);
  a.release();
  run_until_ended(of_b);
  EXPECT_TRUE(of_b[0]) << of_b[0].error().detail;
  EXPECT_TRUE(of_a.at(0));
}

TEST_F(HttpClientTest, AConnectionThatBrokeMakesRoomForAnotherHost) {
  ScriptedServer a({held()});
  const ScriptedServer b({});
  make(limits(1, 1));
  Ended of_a;
  Ended of_b;
  spawn(url(a), of_a, soon());
  spawn(url(b), of_b, late());
  run_until_ended(of_b);
  EXPECT_TRUE(of_b[0]) << of_b[0].error().detail;
  EXPECT_FALSE(of_a.at(0));
}

TEST_F(HttpClientTest, RoomGoesToAHostThatMayUseIt) {
  ScriptedServer a({held()});
  ScriptedServer b({held()});
  const ScriptedServer c({});
  make(limits(2, 1));
  Ended of_a;
  Ended of_b;
  Ended of_c;
  spawn(url(a), of_a, late());
  spawn(url(a), of_a, late());  // Waits for the one before.
  spawn(url(b), of_b, late());
  run_until_asked(a);
  run_until_asked(b);
  spawn(url(c), of_c, late());
  b.release();
  run_until_ended(of_c);
  EXPECT_TRUE(of_c[0]) << of_c[0].error().detail;
  EXPECT_TRUE(of_a.empty());
  a.release();
  run_until_ended(of_a, 2);
  EXPECT_TRUE(of_a[1]) << of_a[1].error().detail;
  EXPECT_EQ(a.connection_count(), 1U);
}

TEST_F(HttpClientTest, ABusyHostKeepsNoOtherOut) {
  constexpr std::size_t kOfA = 30;
  ScriptedServer a({held()});
  const ScriptedServer b({});
  make(limits(1, 1));
  Ended of_a;
  Ended of_b;
  for (std::size_t i = 0; i < kOfA; ++i) spawn(url(a), of_a, late());
  run_until_asked(a);
  spawn(url(b), of_b, late());
  a.release();
  run_until_ended(of_b);
  EXPECT_TRUE(of_b[0]) << of_b[0].error().detail;
  EXPECT_LT(of_a.size(), kOfA);
  run_until_ended(of_a, kOfA);
  for (const auto& ended : of_a) EXPECT_TRUE(ended) << ended.error().detail;
}

Awaitable<void> post_in_turn(HttpClient& client, HttpUrl url, int times, int& done) {
  const std::string head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
  HttpPost request;
  request.url = &url;
  request.head = head;
  for (int i = 0; i < times; ++i) {
    const auto answer =
        co_await client.post(request, steady_clock::now() + std::chrono::minutes(1));
    EXPECT_TRUE(answer);
    ++done;
  }
}

TEST_F(HttpClientTest, NobodyOvertakesWhoWaits) {
  ScriptedServer server({held()});
  make(limits(1, 1));
  int done = 0;
  group_.spawn(post_in_turn(*client_, parse_http_url(url(server)).value(), 50, done));
  drain(core_);
  run_until_asked(server);
  Ended waited;
  spawn(url(server), waited, late());
  server.release();
  run_until_ended(waited);
  EXPECT_TRUE(waited[0]) << waited[0].error().detail;
  EXPECT_LE(done, 2) << "the first asks again at once, and has to queue up";
  run_until(core_, [&] { return done == 50; });
}

TEST_F(HttpClientTest, WhatCameOnAnIdleConnectionAnswersNothing) {
  const ScriptedServer::Answer twice{"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"};
  const ScriptedServer server({twice});
  make(HttpClientLimits());
  Ended first;
  spawn(url(server), first, late());
  run_until_ended(first);
  server.say("HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n");
  Ended second;
  spawn(url(server), second, late());
  run_until_ended(second);
  ASSERT_TRUE(second[0]) << second[0].error().detail;
  EXPECT_EQ(second[0].value(), 202);
  EXPECT_EQ(server.connection_count(), 2U);
}

TEST_F(HttpClientTest, SendsNothingAgainThatTheServerHasSeen) {
  ScriptedServer::Answer dies;
  dies.bytes = "";
  dies.close_after = true;
  const ScriptedServer server({ScriptedServer::Answer(), dies});
  make(HttpClientLimits());
  Ended ended;
  spawn(url(server), ended, late());
  run_until_ended(ended);
  spawn(url(server), ended, late());
  run_until_ended(ended, 2);
  ASSERT_FALSE(ended[1]);
  EXPECT_EQ(ended[1].error().code, Errc::unavailable);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST_F(HttpClientTest, TakesAnAnswerThatComesBeforeTheBodyWasRead) {
  ScriptedServer::Answer refusal;
  refusal.bytes = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  refusal.close_after = true;
  refusal.early = true;
  const ScriptedServer server({refusal});
  make(HttpClientLimits());
  const HttpUrl to = parse_http_url(url(server)).value();
  const std::string body(16U * 1024 * 1024, 'x');  // More than the socket buffers hold.
  const std::string head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 16777216\r\n\r\n";
  HttpPost request;
  request.url = &to;
  request.head = head;
  request.body = body;
  const auto answer = run_task(core_, client_->post(request, late()));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer.value().head->status, 413);
}

TEST_F(HttpClientTest, WhoGaveUpWaitingTakesNobodysTurn) {
  ScriptedServer a({held()});
  const ScriptedServer b({});
  const ScriptedServer c({});
  make(limits(1, 1));
  Ended of_a;
  Ended of_b;
  Ended of_c;
  spawn(url(a), of_a, late());
  run_until_asked(a);
  spawn(url(b), of_b, soon());
  spawn(url(c), of_c, late());
  run_until_ended(of_b);
  EXPECT_EQ(of_b[0].error().code, Errc::deadline_exceeded);
  a.release();
  run_until_ended(of_c);
  EXPECT_TRUE(of_c[0]) << of_c[0].error().detail;
}

}  // namespace
}  // namespace sluice
