// What is checked: commands and their errors, and that a client finds its server again by itself.
// Method: a redis-server of the test's own, killed and started again; nothing sleeps.

#include "base/redis_client.h"

#include "tests/support/redis_server.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

using std::chrono::steady_clock;
using testing::HasSubstr;

class RedisClientTest : public testing::Test {
 protected:
  void start_server(std::vector<std::string> options = {}) {
    auto server = RedisServer::start(std::move(options));
    if (!server) GTEST_SKIP() << server.error().detail;
    server_ = std::move(server).value();
  }

  RedisClient& connect(const std::string& user = "",
                       RedisClient::Kind kind = RedisClient::Kind::standing) {
    auto address = parse_redis_address(server_->address(user));
    EXPECT_TRUE(address);
    client_ = std::make_unique<RedisClient>(core_, address.value(), kind);
    client_->start();
    return *client_;
  }

  void TearDown() override {
    if (client_) run_task(core_, client_->close());
  }

  /// The answer's text, or the error.
  std::string ask(std::vector<std::string_view> words) {
    const auto reply = run_task(core_, client_->command(words, kNever));
    if (!reply) return std::string(to_string(reply.error().code)) + ": " + reply.error().detail;
    return std::string(reply.value().value().text());
  }

  std::unique_ptr<RedisServer> server_;
  TestCore test_core_;
  Core& core_ = test_core_.core;
  std::unique_ptr<RedisClient> client_;
};

Awaitable<void> append_answer(RedisClient& client, std::string text, std::string& answers) {
  const std::array<std::string_view, 2> words = {"ECHO", text};
  const auto reply = co_await client.command(words, kNever);
  if (reply) answers += reply.value().value().text();
}

TEST_F(RedisClientTest, AnswersEachCommandInItsTurn) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  RedisClient& client = connect();
  TaskGroup group(core_);
  std::string answers;
  for (const char* text : {"a", "b", "c", "d"}) group.spawn(append_answer(client, text, answers));
  run_task(core_, group.join());
  EXPECT_EQ(answers, "abcd");
  EXPECT_EQ(ask({"SET", "k", std::string_view("\0\xff", 2)}), "OK");
  EXPECT_EQ(ask({"GET", "k"}), std::string("\0\xff", 2));
  EXPECT_EQ(client.trouble(), "");
}

TEST_F(RedisClientTest, TellsAnErrorReplyByWhatItMeans) {
  ASSERT_NO_FATAL_FAILURE(start_server({"--maxmemory", "1mb", "--maxmemory-policy", "noeviction"}));
  if (!server_) return;
  connect();
  EXPECT_THAT(ask({"NONSENSE"}), HasSubstr("internal: Redis answered: ERR unknown command"));
  const std::string large(2'000'000, 'x');
  EXPECT_THAT(ask({"SET", "k", large}), testing::AnyOf("OK", HasSubstr("resource_exhausted: ")));
  EXPECT_THAT(ask({"SET", "l", large}), HasSubstr("resource_exhausted: Redis answered: OOM"));
  const std::vector<std::pair<const char*, Errc>> table = {
      {"LOADING Redis is loading the dataset in memory", Errc::unavailable},
      {"READONLY You can't write against a read only replica.", Errc::unavailable},
      {"MASTERDOWN Link with MASTER is down", Errc::unavailable},
      {"MISCONF Redis is configured to save RDB snapshots", Errc::unavailable},
      {"NOAUTH Authentication required.", Errc::unavailable},
      {"OOM command not allowed", Errc::resource_exhausted},
      {"WRONGTYPE Operation against a key", Errc::internal},
      {"LOADINGS", Errc::internal},
      {"", Errc::internal},
  };
  for (const auto& [text, code] : table) EXPECT_EQ(redis_error(text).code, code) << text;
}

TEST_F(RedisClientTest, FailsAtOnceWhileTheServerIsAwayAndFindsItAgain) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  RedisClient& client = connect();
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  server_->kill();
  run_until(core_, [&] { return !client.trouble().empty(); });
  EXPECT_THAT(client.trouble(), HasSubstr(server_->address()));
  EXPECT_THAT(ask({"ECHO", "a"}), HasSubstr("unavailable: "));
  server_->start_again();
  EXPECT_TRUE(run_task(core_, client.connected()));
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  EXPECT_EQ(client.trouble(), "");
}

TEST_F(RedisClientTest, EndsWhatIsInFlightWhenTheConnectionIsLost) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  connect();
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  server_->stop_clock();
  std::string answer;
  TaskGroup group(core_);
  group.spawn(append_answer(*client_, "never", answer));
  drain(core_);
  server_->kill();
  run_task(core_, group.join());
  EXPECT_EQ(answer, "");
}

TEST_F(RedisClientTest, GivesUpAtTheDeadlineAndKeepsTheOrderOfTheAnswers) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  connect();
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  server_->stop_clock();
  const std::array<std::string_view, 2> words = {"ECHO", "late"};
  const auto late = run_task(core_, client_->command(words, steady_clock::now()));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  server_->go_on();
  EXPECT_EQ(ask({"ECHO", "b"}), "b");
}

TEST_F(RedisClientTest, SaysWhoItIsAndWhatIsWrongWithThat) {
  ASSERT_NO_FATAL_FAILURE(start_server({"--requirepass", "geheim"}));
  if (!server_) return;
  connect(":geheim@");
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  run_task(core_, client_->close());
  connect("default:geheim@");
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  run_task(core_, client_->close());
  connect(":falsch@");
  const std::string refused = ask({"ECHO", "a"});
  EXPECT_THAT(refused, HasSubstr("unavailable: "));
  EXPECT_THAT(refused, HasSubstr("user or password in the address: Redis answered: WRONGPASS"));
  EXPECT_THAT(refused, testing::Not(HasSubstr("falsch")));
  run_task(core_, client_->close());
  connect();
  EXPECT_THAT(ask({"ECHO", "a"}), HasSubstr("NOAUTH"));
}

TEST_F(RedisClientTest, SelectsItsDatabase) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  auto address = parse_redis_address(server_->address() + "/2");
  client_ = std::make_unique<RedisClient>(core_, address.value(), RedisClient::Kind::standing);
  client_->start();
  EXPECT_EQ(ask({"SET", "k", "v"}), "OK");
  EXPECT_EQ(server_->cli({"-n", "2", "GET", "k"}), "v");
}

TEST_F(RedisClientTest, OnDemandItKeepsNothingOnItsCoreAndNoticesAClosedConnection) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  connect("", RedisClient::Kind::on_demand);
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  core_.io().restart();
  core_.io().run();  // Comes back: nothing is waited for.
  server_->kill();
  server_->start_again();
  EXPECT_EQ(ask({"ECHO", "b"}), "b");
  server_->kill();
  EXPECT_THAT(ask({"ECHO", "c"}), HasSubstr("unavailable: "));
}

TEST_F(RedisClientTest, ConnectsAnewToAServerThatBecameAReplicaAndNotAtOnceAgain) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  RedisClient& client = connect();
  ASSERT_EQ(ask({"CLIENT", "SETNAME", "first"}), "OK");
  server_->cli({"REPLICAOF", "127.0.0.1", "1"});
  EXPECT_THAT(ask({"SET", "k", "v"}), HasSubstr("READONLY"));
  ASSERT_TRUE(run_task(core_, client.connected()));
  EXPECT_EQ(ask({"CLIENT", "GETNAME"}), "");
  ASSERT_EQ(ask({"CLIENT", "SETNAME", "second"}), "OK");
  EXPECT_THAT(ask({"SET", "k", "v"}), HasSubstr("READONLY"));
  EXPECT_EQ(ask({"CLIENT", "GETNAME"}), "second");
  server_->cli({"REPLICAOF", "NO", "ONE"});
  EXPECT_EQ(ask({"SET", "k", "v"}), "OK");
}

TEST_F(RedisClientTest, CloseEndsWhatWaits) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  connect();
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
  server_->stop_clock();
  std::string answer;
  TaskGroup group(core_);
  group.spawn(append_answer(*client_, "never", answer));
  drain(core_);
  run_task(core_, client_->close());
  run_task(core_, group.join());
  EXPECT_EQ(answer, "");
  EXPECT_THAT(ask({"ECHO", "a"}), HasSubstr("cancelled"));
  core_.io().restart();
  core_.io().run();
}

TEST_F(RedisClientTest, LooksANameUp) {
  ASSERT_NO_FATAL_FAILURE(start_server());
  if (!server_) return;
  const std::string named = "redis://localhost:" + std::to_string(server_->port());
  client_ = std::make_unique<RedisClient>(core_, parse_redis_address(named).value(),
                                          RedisClient::Kind::standing);
  client_->start();
  EXPECT_EQ(ask({"ECHO", "a"}), "a");
}

}  // namespace
}  // namespace sluice
