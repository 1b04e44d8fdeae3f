// What is checked: what KafkaChannel does beside the contract (channel_contract_test.cc): its
// names, its fields, what foreign producers write, and outages. On the mock cluster or a real
// broker.

#include "base/kafka_group_reader.h"
#include "channels/channel.h"
#include "channels/kafka_channel_settings.h"
#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::steady_clock;

class KafkaChannelTest : public testing::Test {
 protected:
  std::unique_ptr<Channel> make(int partitions = 1) {
    spec_.kind = "KafkaChannel";
    spec_.ns = ns_;
    spec_.name = "orders";
    spec_.capacity_events = SIZE_MAX;
    auto properties = quick_kafka_properties();
    // Short for the mock's faults; a real broker's first answer takes longer.
    properties["message.timeout.ms"] = cluster_->is_real() ? "10000" : "500";
    spec_.spec = {{"bootstrapServers", cluster_->servers()},
                  {"numPartitions", partitions},
                  {"properties", properties}};
    cluster_->create_topic(topic_, partitions);
    auto channel = make_channel(spec_);
    EXPECT_TRUE(channel) << channel.error().detail;
    return std::move(channel).value();
  }

  std::unique_ptr<Consumer> open(Channel& channel, const std::string& name = "test/a") {
    ConsumerOptions options;
    options.name = name;
    options.core = &core_;
    auto consumer = channel.open_consumer(std::move(options));
    EXPECT_TRUE(consumer) << consumer.error().detail;
    return std::move(consumer).value();
  }

  Result<void> append(Channel& channel, EventPtr event) {
    return run_task(core_, channel.append(std::move(event), kNever));
  }

  std::string next_id_acked(Consumer& consumer) {
    const auto delivery = wait_for_next(core_, consumer);
    std::string id(delivery->event()->id());
    delivery->ack();
    return id;
  }

  Result<bool> claim(Channel& channel, const std::string& occasion) {
    return run_task(core_, channel.claim(Claim("tick", occasion, std::chrono::hours(1)), kNever));
  }

  void close(Channel& channel) { run_task(core_, channel.close()); }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  ChannelSpec spec_;
  const std::string ns_ = unique_kafka_name("test");
  const std::string topic_ = "knative-messaging-kafka." + ns_ + ".orders";
  std::unique_ptr<KafkaTestCluster> cluster_ = kafka_test_cluster();
};

TEST_F(KafkaChannelTest, WritesRecordsAsTheBindingSays) {
  const auto channel = make();
  const auto event = make_event("1", {{"partitionkey", "k"}, {"datacontenttype", "text/plain"}});
  ASSERT_TRUE(append(*channel, event));
  const auto record = cluster_->read(topic_, 1, 1).at(0);
  EXPECT_EQ(record.key, "k");
  EXPECT_EQ(record.value, "{}");
  EXPECT_EQ(record.headers.at("ce_specversion"), "1.0");
  EXPECT_EQ(record.headers.at("ce_id"), "1");
  EXPECT_EQ(record.headers.at("ce_source"), "/shop");
  EXPECT_EQ(record.headers.at("ce_type"), "com.example.order");
  EXPECT_EQ(record.headers.at("content-type"), "text/plain");
  close(*channel);
}

TEST_F(KafkaChannelTest, KeepsAKeyOnOnePartition) {
  const auto channel = make(4);
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(append(*channel, make_event("1", {{"partitionkey", std::to_string(i % 6)}})));
  }
  std::map<std::string, std::set<int>> partitions;
  std::set<int> all;
  for (const auto& record : cluster_->read(topic_, 4, 12)) {
    partitions[*record.key].insert(record.partition);
    all.insert(record.partition);
  }
  for (const auto& [key, where] : partitions) EXPECT_EQ(where.size(), 1U) << key;
  EXPECT_GT(all.size(), 1U);
  close(*channel);
}

TEST_F(KafkaChannelTest, PassesOverWhatIsNoEventAndReadsWhatForeignProducersWrite) {
  const auto channel = make();
  const auto consumer = open(*channel);
  ASSERT_TRUE(append(*channel, make_event("1")));
  KafkaTestRecord record;
  record.value = "not an event";
  cluster_->write(topic_, record);
  record.headers = {{"ce_specversion", "1.0"}, {"ce_id", ""}, {"ce_type", "t"}};
  cluster_->write(topic_, record);
  record.headers = {{"content-type", "application/cloudevents+json"}};
  record.value = R"({"specversion":"1.0","id":"2","source":"/s","type":"t"})";
  cluster_->write(topic_, record);
  EXPECT_EQ(next_id_acked(*consumer), "1");
  EXPECT_EQ(next_id_acked(*consumer), "2");
  EXPECT_EQ(consumer->filtered(), 2U);
  while (channel->depth() != 0) run_some(core_);
  close(*channel);
}

TEST_F(KafkaChannelTest, RefusesDuringAnOutageAndRecoversByItself) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  const auto channel = make();
  const auto consumer = open(*channel);
  ASSERT_TRUE(append(*channel, make_event("1")));
  EXPECT_EQ(next_id_acked(*consumer), "1");
  cluster_->set_up(false);
  for (;;) {
    const auto refused = append(*channel, make_event("lost"));
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().code, Errc::unavailable) << refused.error().detail;
    if (refused.error().detail.find("no Kafka broker of") != std::string::npos) break;
  }
  EXPECT_NE(channel->status().trouble, "");
  cluster_->set_up(true);
  while (!append(*channel, make_event("2"))) run_some(core_);
  EXPECT_EQ(next_id_acked(*consumer), "2");
  while (!channel->status().trouble.empty()) run_some(core_);
  close(*channel);
}

TEST_F(KafkaChannelTest, RefusesUntilItsTopicIsThere) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  cluster_->create_topic(topic_, 1);
  cluster_->set_topic_error(topic_, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const auto channel = make();
  const auto refused = append(*channel, make_event("1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().detail.find(topic_), std::string::npos) << refused.error().detail;
  EXPECT_NE(channel->status().trouble.find(topic_), std::string::npos);
  cluster_->set_topic_error(topic_, RD_KAFKA_RESP_ERR_NO_ERROR);
  while (!append(*channel, make_event("2"))) core_.io().poll();
  EXPECT_EQ(channel->status().trouble, "");
  close(*channel);
}

TEST_F(KafkaChannelTest, AnswersEachOccasionOnceAndHandsLeadershipOn) {
  const auto one = make();
  const auto first = claim(*one, "10:00");
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_TRUE(first.value());
  EXPECT_FALSE(claim(*one, "10:00").value());
  close(*one);
  const auto two = make();
  EXPECT_FALSE(claim(*two, "10:00").value()) << "it was claimed by one that has gone";
  EXPECT_TRUE(claim(*two, "10:01").value());
  close(*two);
}

TEST(KafkaChannelNames, AreThoseOfKnative) {
  KafkaChannelSettings settings;
  settings.ns = "shop";
  settings.name = "orders-kne-trigger";
  EXPECT_EQ(settings.group_of("shop/mail"), "kafka.shop.orders-kne-trigger.mail");
  EXPECT_EQ(settings.group_of("other/mail"), "kafka.shop.orders-kne-trigger.other.mail");
  EXPECT_EQ(settings.leader_group(), "sluice-leader.shop.orders-kne-trigger");
}

TEST(KafkaChannelFields, AreRefusedByName) {
  struct Bad {
    nlohmann::json extra;
    const char* expected;
  };
  for (const Bad& bad : {Bad{{{"color", "red"}}, "no field 'color'"},
                         Bad{{{"bootstrapServers", ""}}, "bootstrapServers"},
                         Bad{{{"numPartitions", 0}}, "numPartitions"},
                         Bad{{{"replicationFactor", "3"}}, "replicationFactor"},
                         Bad{{{"retentionDuration", "7d"}}, "retentionDuration"},
                         Bad{{{"properties", {{"acks", "1"}}}}, "'acks'"},
                         Bad{{{"properties", {{"no.such", "1"}}}}, "'no.such'"}}) {
    ChannelSpec spec;
    spec.kind = "KafkaChannel";
    spec.name = "orders";
    spec.spec = {{"bootstrapServers", "127.0.0.1:1"}};
    spec.spec.update(bad.extra);
    const auto made = make_channel(spec);
    ASSERT_FALSE(made) << bad.expected;
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    EXPECT_NE(made.error().detail.find(bad.expected), std::string::npos) << made.error().detail;
  }
  ChannelSpec spec;
  spec.kind = "KafkaChannel";
  spec.name = std::string(240, 'x');
  spec.spec = {{"bootstrapServers", "127.0.0.1:1"}};
  const auto made = make_channel(spec);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().detail.find("the limit is 249"), std::string::npos);
}

}  // namespace
}  // namespace sluice
