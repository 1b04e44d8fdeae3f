// What is checked: what only a RedisChannel promises, beside the contract: its settings, its bound
// with several groups, what happens when Redis dies, and who takes over from whom.
// Method: a redis-server of the test's own; a dead process is a member of the group that redis-cli
// plays, a live one is a second channel.

#include "channels/channel.h"

#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/redis_server.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <thread>

namespace sluice {
namespace {

using testing::HasSubstr;

constexpr const char* kStream = "sluice:default:orders";

class RedisChannelTest : public testing::Test {
 protected:
  ~RedisChannelTest() override {
    for (const auto& channel : channels_) run_task(core_, channel->close());
  }

  bool start_server(std::vector<std::string> options = {}) {
    auto server = RedisServer::start(std::move(options));
    if (server) server_ = std::move(server).value();
    return server_ != nullptr;
  }

  ChannelSpec spec(std::size_t max_length = 1000) const {
    ChannelSpec spec;
    spec.kind = "RedisChannel";
    spec.name = "orders";
    spec.spec = {{"address", server_->address(user_)},
                 {"maxLength", max_length},
                 {"sessionTimeout", "PT1S"}};
    return spec;
  }

  Channel& make(const ChannelSpec& of) {
    auto channel = make_channel(of);
    EXPECT_TRUE(channel) << channel.error().detail;
    channels_.push_back(std::move(channel).value());
    return *channels_.back();
  }

  std::unique_ptr<Consumer> open(Channel& channel, const std::string& name, bool ordered = false) {
    ConsumerOptions options;
    options.name = name;
    options.core = &core_;
    options.ordered = ordered;
    auto consumer = channel.open_consumer(std::move(options));
    EXPECT_TRUE(consumer) << consumer.error().detail;
    return std::move(consumer).value();
  }

  Result<void> append(Channel& channel, const std::string& id, std::string_view data = "{}") {
    return run_task(core_, channel.append(make_event(id, {}, data), kNever));
  }

  /// Appends again and again until Redis takes it.
  void append_at_last(Channel& channel, const std::string& id) {
    while (!append(channel, id)) run_some(core_);
  }

  std::string next_acked(Consumer& consumer) {
    const DeliveryPtr delivery = wait_for_next(core_, consumer);
    delivery->ack();
    return std::string(delivery->event()->id());
  }

  template <typename Done>
  void wait_until(const Done& done) {
    const auto work = boost::asio::make_work_guard(core_.executor());
    run_until(core_, done);
  }

  /// How often anybody has asked Redis for what a dead process held.
  int looks_for_idle() {
    const std::string stats = server_->cli({"INFO", "commandstats"});
    const auto at = stats.find("cmdstat_xautoclaim:calls=");
    return at == std::string::npos ? 0 : std::stoi(stats.substr(stats.find('=', at) + 1));
  }

  std::unique_ptr<RedisServer> server_;
  std::string user_;
  TestCore test_core_;
  Core& core_ = test_core_.core;
  std::vector<std::unique_ptr<Channel>> channels_;
};

#define START_SERVER(...) \
  if (!start_server(__VA_ARGS__)) GTEST_SKIP() << "redis-server cannot be had here"

TEST(RedisChannelSettings, RefusesAWrongFieldByName) {
  const std::string address = "redis://127.0.0.1";
  const std::vector<std::pair<nlohmann::json, const char*>> table = {
      {nlohmann::json::object(), "address: is missing"},
      {{{"address", 7}}, "address: want a string"},
      {{{"address", "rediss://h"}}, "stunnel"},
      {{{"address", address}, {"maxLength", 0}}, "maxLength"},
      {{{"address", address}, {"maxLength", -1}}, "maxLength"},
      {{{"address", address}, {"maxLength", "9"}}, "maxLength"},
      {{{"address", address}, {"sessionTimeout", 9}}, "sessionTimeout"},
      {{{"address", address}, {"sessionTimeout", "10s"}}, "sessionTimeout"},
      {{{"address", address}, {"sessionTimeout", "PT0.01S"}}, "sessionTimeout"},
      {{{"address", address}, {"numPartitions", 1}}, "numPartitions"},
  };
  for (const auto& [fields, expected] : table) {
    ChannelSpec spec;
    spec.kind = "RedisChannel";
    spec.spec = fields;
    const auto channel = make_channel(spec);
    ASSERT_FALSE(channel) << fields;
    EXPECT_EQ(channel.error().code, Errc::invalid_argument);
    EXPECT_THAT(channel.error().detail, HasSubstr(expected)) << fields;
  }
}

TEST_F(RedisChannelTest, TrimsWhatEveryGroupHasSettledAndNoMore) {
  START_SERVER();
  Channel& channel = make(spec(3));
  const auto a = open(channel, "default/a");
  const auto b = open(channel, "default/b");
  for (const char* id : {"1", "2", "3"}) ASSERT_TRUE(append(channel, id));
  for (const char* id : {"1", "2", "3"}) EXPECT_EQ(next_acked(*a), id);
  const auto first = wait_for_next(core_, *b);
  EXPECT_EQ(next_acked(*b), "2");
  const auto refused = append(channel, "4");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_THAT(refused.error().detail, HasSubstr("capacity of 3 events"));
  first->ack();
  wait_until([&] { return channel.depth() == 1; });
  EXPECT_EQ(server_->cli({"XLEN", kStream}), "1");
  EXPECT_TRUE(append(channel, "5"));
  EXPECT_EQ(next_acked(*b), "3");
}

TEST_F(RedisChannelTest, AForeignGroupHoldsItsRoomAndIsNamed) {
  START_SERVER();
  server_->cli({"XGROUP", "CREATE", kStream, "stranger", "$", "MKSTREAM"});
  Channel& channel = make(spec(2));
  const auto a = open(channel, "default/a");
  for (const char* id : {"1", "2"}) ASSERT_TRUE(append(channel, id));
  for (const char* id : {"1", "2"}) EXPECT_EQ(next_acked(*a), id);
  wait_until([&] { return !channel.status().trouble.empty(); });
  EXPECT_THAT(channel.status().trouble, HasSubstr("'stranger'"));
  const auto refused = append(channel, "3");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("capacity of 2 events"));
  EXPECT_THAT(refused.error().detail, HasSubstr("'stranger'"));
  server_->cli({"XGROUP", "DESTROY", kStream, "stranger"});
  append_at_last(channel, "3");
  EXPECT_EQ(next_acked(*a), "3");
  EXPECT_EQ(channel.status().trouble, "");
}

TEST_F(RedisChannelTest, SeesThatThereIsRoomAgainThoughNobodyAppends) {
  START_SERVER();
  server_->cli({"XGROUP", "CREATE", kStream, "stranger", "$", "MKSTREAM"});
  Channel& channel = make(spec(2));
  const auto consumer = open(channel, "a");
  ASSERT_TRUE(append(channel, "1"));
  ASSERT_TRUE(append(channel, "2"));
  for (int i = 0; i < 2; ++i) next_acked(*consumer);
  ASSERT_FALSE(append(channel, "3"));
  wait_until([&] { return !channel.status().trouble.empty(); });
  server_->cli({"XGROUP", "DESTROY", kStream, "stranger"});
  wait_until([&] { return channel.status().trouble.empty(); });
}

TEST_F(RedisChannelTest, AppendsAreUnavailableWhileRedisIsAwayAndNothingAcceptedIsLost) {
  START_SERVER({"--appendonly", "yes", "--appendfsync", "always"});
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(append(channel, "before-" + std::to_string(i)));
  std::set<std::string> seen;
  for (int i = 0; i < 10; ++i) seen.insert(next_acked(*consumer));
  const auto held = wait_for_next(core_, *consumer);
  server_->kill();
  wait_until([&] { return !channel.status().trouble.empty(); });
  const auto refused = append(channel, "lost");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  server_->start_again();
  append_at_last(channel, "after");
  held->ack();
  seen.emplace(held->event()->id());
  while (seen.size() < 51) seen.insert(next_acked(*consumer));
  EXPECT_TRUE(seen.contains("after"));
  EXPECT_FALSE(seen.contains("lost"));
  wait_until([&] { return channel.depth() == 0 && channel.status().trouble.empty(); });
  EXPECT_EQ(server_->cli({"XLEN", kStream}), "0");
}

TEST_F(RedisChannelTest, IsUnavailableWhereRedisWasNeverThere) {
  START_SERVER();
  server_->kill();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  const auto refused = append(channel, "1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_FALSE(consumer->take());
  server_->start_again();
  append_at_last(channel, "2");
  EXPECT_EQ(next_acked(*consumer), "2");
}

TEST_F(RedisChannelTest, SaysWhatIsWrongWithThePassword) {
  START_SERVER({"--requirepass", "geheim"});
  user_ = ":falsch@";
  Channel& wrong = make(spec());
  const auto refused = append(wrong, "1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr("WRONGPASS"));
  user_ = ":geheim@";
  Channel& right = make(spec());
  const auto consumer = open(right, "default/a");
  ASSERT_TRUE(append(right, "1"));
  EXPECT_EQ(next_acked(*consumer), "1");
}

TEST_F(RedisChannelTest, ARedisWithoutMemoryIsFull) {
  START_SERVER({"--maxmemory", "1mb", "--maxmemory-policy", "noeviction"});
  Channel& channel = make(spec());
  const std::string data(500'000, 'x');
  Result<void> last = boost::outcome_v2::success();
  for (int i = 0; i < 5 && last; ++i) last = append(channel, std::to_string(i), data);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Errc::resource_exhausted);
  EXPECT_THAT(last.error().detail, HasSubstr("OOM"));
}

TEST_F(RedisChannelTest, WithoutMemoryItAddsNothingOfABatch) {
  START_SERVER({"--maxmemory", "1mb", "--maxmemory-policy", "noeviction"});
  Channel& channel = make(spec());
  const std::string data(500'000, 'x');
  while (append(channel, "1", data)) {
  }
  const std::string before = server_->cli({"XLEN", kStream});
  const std::vector<EventPtr> batch = {make_event("2"), make_event("3")};
  const auto refused = run_task(core_, channel.append_all(batch, kNever));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_THAT(refused.error().detail, HasSubstr("OOM"));
  EXPECT_EQ(server_->cli({"XLEN", kStream}), before);
}

TEST_F(RedisChannelTest, IsUnavailableWhereMemoryEndsInTheMiddleOfALargeBatch) {
  START_SERVER({"--maxmemory", "4mb", "--maxmemory-policy", "noeviction"});
  Channel& channel = make(spec(9000));
  std::vector<EventPtr> batch;
  const std::string data(2000, 'x');
  for (int i = 0; i < 4000; ++i) batch.push_back(make_event(std::to_string(i), {}, data));
  const auto refused = run_task(core_, channel.append_all(batch, kNever));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable) << refused.error().detail;
  const int length = std::stoi(server_->cli({"XLEN", kStream}));
  EXPECT_GT(length, 0);
  EXPECT_EQ(length % 1000, 0) << "each thousand wholly or not at all";
}

TEST_F(RedisChannelTest, GivesTheRoomBackThatABatchDidNotUse) {
  START_SERVER();
  Channel& channel = make(spec(3));
  const auto a = open(channel, "default/a");
  ASSERT_TRUE(append(channel, "1"));
  EXPECT_EQ(next_acked(*a), "1");
  wait_until([&] { return channel.depth() == 0; });
  server_->cli({"SET", kStream, "no stream"});
  const std::vector<EventPtr> batch = {make_event("2"), make_event("3"), make_event("4")};
  const auto refused = run_task(core_, channel.append_all(batch, kNever));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("WRONGTYPE"));
  EXPECT_EQ(channel.depth(), 0U);
}

TEST_F(RedisChannelTest, TakesOverWhatADeadProcessHeld) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  ASSERT_TRUE(append(channel, "1"));
  EXPECT_EQ(next_acked(*consumer), "1");
  // Another process of the group is handed the next and dies: it is as if redis-cli had read it.
  server_->cli({"XADD", kStream, "*", "ce_specversion", "1.0", "ce_id", "2", "ce_source", "/s",
                "ce_type", "t"});
  const auto delivery = wait_for_next(core_, *consumer);
  const std::string id = server_->cli({"--csv", "XPENDING", kStream, "default/a", "-", "+", "1"});
  const std::string entry = id.substr(1, id.find('"', 1) - 1);
  server_->cli({"XCLAIM", kStream, "default/a", "dead", "0", entry});
  wait_until([&] { return delivery->is_lost(); });
  const auto again = wait_for_next(core_, *consumer);
  EXPECT_EQ(again->event()->id(), "2");
  EXPECT_GE(again->attempt(), 2U);
  again->ack();
}

TEST_F(RedisChannelTest, ALiveSlowConsumerKeepsWhatItHolds) {
  START_SERVER();
  Channel& one = make(spec());
  Channel& two = make(spec());
  const auto slow = open(one, "default/a");
  ASSERT_TRUE(append(one, "slow"));
  const auto held = wait_for_next(core_, *slow);
  const auto other = open(two, "default/a");
  // Each of the two looks for what others let lie three times per session timeout.
  const int looks = looks_for_idle() + 8;
  // Asked seldom: redis-cli holds up this core, and with it the signs of life.
  int turns = 0;
  wait_until([&] { return ++turns % 64 == 0 && looks_for_idle() >= looks; });
  EXPECT_FALSE(held->is_lost());
  EXPECT_FALSE(other->take());
  held->ack();
}

TEST_F(RedisChannelTest, MakesAGroupAgainThatVanishedAndReadsFromTheStart) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  ASSERT_TRUE(append(channel, "1"));
  const auto held = wait_for_next(core_, *consumer);
  server_->cli({"DEL", kStream});
  append_at_last(channel, "2");
  EXPECT_EQ(next_acked(*consumer), "2");
  EXPECT_FALSE(held->is_lost()) << "nobody else has it";
  held->ack();
}

TEST_F(RedisChannelTest, WhatIsAppendedBeforeAVanishedGroupIsMadeAgainIsNotTrimmed) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto quick = open(channel, "default/a");
  const auto full = open(channel, "default/b");
  // More than its reader reads ahead, so that it asks Redis for nothing.
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(append(channel, std::to_string(i)));
  std::vector<DeliveryPtr> held;
  held.push_back(wait_for_next(core_, *full));
  while (next_acked(*quick) != "199") {
  }
  server_->cli({"FLUSHALL"});
  append_at_last(channel, "after");
  EXPECT_EQ(next_acked(*quick), "after");
  // Some rounds of trimming, of which each removes what is settled by all.
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
  wait_until([&] { return std::chrono::steady_clock::now() >= later; });
  std::string last;
  while (last != "after") last = next_acked(*full);
  held.clear();
}

TEST_F(RedisChannelTest, AClaimWhoseAnswerDidNotComeIsAnsweredTheSameAgain) {
  START_SERVER();
  Channel& one = make(spec());
  Channel& two = make(spec());
  const Claim tick("source/default/tick", "10:00", std::chrono::hours(1));
  ASSERT_TRUE(run_task(core_, one.claim(Claim("warm", "up", std::chrono::hours(1)), kNever)));
  server_->cli({"CLIENT", "PAUSE", "600", "WRITE"});
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
  const auto unheard = run_task(core_, one.claim(tick, soon));
  ASSERT_FALSE(unheard);
  EXPECT_EQ(unheard.error().code, Errc::deadline_exceeded);
  const auto again = run_task(core_, one.claim(tick, kNever));
  const auto other = run_task(core_, two.claim(tick, kNever));
  ASSERT_TRUE(again && other);
  EXPECT_TRUE(again.value()) << "Redis gave it to us, when we did not listen any more";
  EXPECT_FALSE(other.value());
}

TEST_F(RedisChannelTest, ClosesThoughRedisWentAwayBeforeItWasToldOfAnAck) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  ASSERT_TRUE(append(channel, "1"));
  const auto delivery = wait_for_next(core_, *consumer);
  server_->kill();
  wait_until([&] { return !channel.status().trouble.empty(); });
  delivery->ack();
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
  wait_until([&] { return std::chrono::steady_clock::now() >= later; });
  run_task(core_, channel.close());  // Ends.
}

TEST_F(RedisChannelTest, AnOrderedPositionLetsGoOfWhatAnotherHadWhileItStoodStill) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a", true);
  for (const char* id : {"1", "2", "3"}) ASSERT_TRUE(append(channel, id));
  const auto held = wait_for_next(core_, *consumer);
  // While this process stands still another has the lease, settles it all, and leaves.
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const std::string ids = server_->cli({"--raw", "XPENDING", kStream, "default/a", "-", "+", "9"});
  std::vector<std::string> ack = {"XACK", kStream, "default/a"};
  std::istringstream lines(ids);
  for (std::string line; std::getline(lines, line);) {
    if (line.find('-') != std::string::npos && std::isdigit(line[0]) && line.size() < 22) {
      ack.push_back(line);
    }
  }
  EXPECT_EQ(server_->cli(ack), "3");
  const DeliveryPtr stale = consumer->take();
  EXPECT_FALSE(stale) << "handed out without the lease: " << stale->event()->id();
  ASSERT_TRUE(append(channel, "4"));
  EXPECT_EQ(next_acked(*consumer), "4");
  EXPECT_TRUE(held->is_lost());
}

TEST_F(RedisChannelTest, AnOrderedPositionIsReadByOneProcessAndPassesOnInOrder) {
  START_SERVER();
  Channel& one = make(spec());
  Channel& two = make(spec());
  auto first = open(one, "default/a", true);
  for (const char* id : {"1", "2", "3", "4"}) ASSERT_TRUE(append(one, id));
  EXPECT_EQ(next_acked(*first), "1");
  const auto held = wait_for_next(core_, *first);
  const auto second = open(two, "default/a", true);
  ASSERT_TRUE(append(two, "5"));
  EXPECT_FALSE(second->take());
  // As if the first had stood still for too long: the lease is another's.
  server_->cli(
      {"SET", "sluice:lease:{" + std::string(kStream) + "}:default/a", "another", "PX", "500"});
  wait_until([&] { return held->is_lost(); });
  std::vector<std::string> order;
  while (order.size() < 4) {
    for (Consumer* const consumer : {first.get(), second.get()}) {
      while (const DeliveryPtr delivery = consumer->take()) {
        order.emplace_back(delivery->event()->id());
        delivery->ack();
      }
    }
    run_some(core_);
  }
  EXPECT_THAT(order, testing::ElementsAre("2", "3", "4", "5"));
}

TEST_F(RedisChannelTest, PassesOverAnEntryThatIsNoEvent) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  ASSERT_TRUE(append(channel, "1"));
  EXPECT_EQ(next_acked(*consumer), "1");
  server_->cli({"XADD", kStream, "*", "temperature", "20"});
  ASSERT_TRUE(append(channel, "2"));
  EXPECT_EQ(next_acked(*consumer), "2");
  wait_until([&] { return channel.depth() == 0; });
}

TEST_F(RedisChannelTest, LeavesItsGroupWhenItCloses) {
  START_SERVER();
  Channel& channel = make(spec());
  const auto consumer = open(channel, "default/a");
  ASSERT_TRUE(append(channel, "1"));
  EXPECT_EQ(next_acked(*consumer), "1");
  EXPECT_NE(server_->cli({"XINFO", "CONSUMERS", kStream, "default/a"}), "");
  run_task(core_, channel.close());
  EXPECT_EQ(server_->cli({"XINFO", "CONSUMERS", kStream, "default/a"}), "");
  core_.io().restart();
  core_.io().run();  // Comes back: the channel has left nothing on its core.
}

}  // namespace
}  // namespace sluice
