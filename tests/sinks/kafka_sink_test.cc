// What is checked: KafkaSink's records in both modes, its answers, and its fields. On the mock
// cluster or a real broker.

#include "sinks/sink.h"
#include "tests/support/events.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

class KafkaSinkTest : public testing::Test {
 protected:
  SinkPtr make(const nlohmann::json& extra = nlohmann::json::object()) {
    auto properties = quick_kafka_properties();
    // Short for the mock's faults; a real broker's first answer takes longer.
    properties["message.timeout.ms"] = cluster_->is_real() ? "10000" : "500";
    SinkSpec spec;
    spec.kind = "KafkaSink";
    spec.name = "out";
    spec.spec = {
        {"topic", topic_}, {"bootstrapServers", cluster_->servers()}, {"properties", properties}};
    spec.spec.update(extra);
    auto sink = make_sink(spec, "http://localhost/default/sinks/out");
    EXPECT_TRUE(sink) << sink.error().detail;
    return std::move(sink).value();
  }

  Attempt send(Sink& sink, EventPtr event) {
    return run_task(core_, sink.send(std::move(event), kNever));
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  const std::string topic_ = unique_kafka_name("out");
  std::unique_ptr<KafkaTestCluster> cluster_ = kafka_test_cluster();
};

TEST_F(KafkaSinkTest, WritesBinaryRecordsAndAnswersAccepted) {
  cluster_->create_topic(topic_, 2);
  const auto sink = make();
  const auto event = stamped(make_event("1", {{"partitionkey", "k"}}), "", 7);
  const Attempt attempt = send(*sink, event);
  EXPECT_EQ(attempt.status, 202) << attempt.detail;
  EXPECT_FALSE(attempt.reply);
  const auto record = cluster_->read(topic_, 2, 1).at(0);
  EXPECT_EQ(record.key, "k");
  EXPECT_EQ(record.value, "{}");
  EXPECT_EQ(record.headers.at("ce_id"), "1");
  EXPECT_EQ(record.headers.count("ce_knativebrokerttl"), 0U) << "the broker's own";
}

TEST_F(KafkaSinkTest, WritesStructuredRecords) {
  cluster_->create_topic(topic_, 1);
  const auto sink = make({{"contentMode", "structured"}});
  EXPECT_EQ(send(*sink, make_event("1", {{"partitionkey", "k"}})).status, 202);
  const auto record = cluster_->read(topic_, 1, 1).at(0);
  EXPECT_EQ(record.key, "k");
  EXPECT_EQ(record.headers.at("content-type"), "application/cloudevents+json");
  const auto json = nlohmann::json::parse(record.value.value());
  EXPECT_EQ(json["id"], "1");
  EXPECT_EQ(json["partitionkey"], "k");
}

TEST_F(KafkaSinkTest, MakesItsTopicWhereItIsAsked) {
  if (!cluster_->is_real()) cluster_->create_topic(topic_, 3);  // The mock cannot be asked to.
  const auto sink = make({{"numPartitions", 3}, {"replicationFactor", 1}});
  EXPECT_EQ(send(*sink, make_event("1")).status, 202);
  EXPECT_EQ(cluster_->read(topic_, 3, 1).size(), 1U);
}

TEST_F(KafkaSinkTest, AnswersUnavailableWhileTheBrokersAreDown) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  cluster_->create_topic(topic_, 1);
  const auto sink = make();
  ASSERT_EQ(send(*sink, make_event("1")).status, 202);
  cluster_->set_up(false);
  const Attempt refused = send(*sink, make_event("2"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(is_retryable(refused.status));
  EXPECT_NE(refused.detail, "");
  cluster_->set_up(true);
  while (send(*sink, make_event("3")).status != 202) core_.io().poll();
}

TEST_F(KafkaSinkTest, RefusesBadFieldsByName) {
  struct Bad {
    nlohmann::json extra;
    const char* expected;
  };
  for (const Bad& bad :
       {Bad{{{"color", "red"}}, "no field 'color'"}, Bad{{{"topic", "a/b"}}, "topic: "},
        Bad{{{"topic", 3}}, "topic: no string"},
        Bad{{{"contentMode", "batch"}}, "contentMode: 'batch'"},
        Bad{{{"numPartitions", -1}}, "numPartitions"},
        Bad{{{"bootstrapServers", ""}}, "bootstrapServers"},
        Bad{{{"properties", {{"linger.ms", "x"}}}}, "'linger.ms'"}}) {
    SinkSpec spec;
    spec.kind = "KafkaSink";
    spec.spec = {{"topic", "t"}, {"bootstrapServers", "127.0.0.1:1"}};
    spec.spec.update(bad.extra);
    const auto made = make_sink(spec, "http://localhost/");
    ASSERT_FALSE(made) << bad.expected;
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    EXPECT_NE(made.error().detail.find(bad.expected), std::string::npos) << made.error().detail;
  }
}

}  // namespace
}  // namespace sluice
