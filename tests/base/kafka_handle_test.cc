// What is checked: what librdkafka is configured with and refuses, and what its errors mean.

#include "base/kafka_handle.h"

#include "base/kafka_fields.h"
#include "base/kafka_topic.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(KafkaConf, RefusesWithTheNameOfThePropertyAndNeverItsValue) {
  struct Bad {
    const char* name;
    const char* value;
    const char* expected;
  };
  for (const Bad& bad : {Bad{"linger.msec", "s3cret", "no property 'linger.msec'"},
                         Bad{"linger.ms", "s3cret", "value of 'linger.ms'"},
                         Bad{"security.protocol", "s3cret", "value of 'security.protocol'"},
                         Bad{"acks", "s3cret", "'acks' is set by Sluice"},
                         Bad{"enable.idempotence", "s3cret", "'enable.idempotence' is set"},
                         Bad{"group.id", "s3cret", "'group.id' is set by Sluice"},
                         Bad{"enable.auto.commit", "s3cret", "'enable.auto.commit' is set"},
                         Bad{"bootstrap.servers", "s3cret", "'bootstrap.servers' is set"}}) {
    const auto conf = make_kafka_conf({"localhost:1", {{bad.name, bad.value}}}, {}, {});
    ASSERT_FALSE(conf) << bad.name;
    EXPECT_EQ(conf.error().code, Errc::invalid_argument);
    EXPECT_NE(conf.error().detail.find(bad.expected), std::string::npos) << conf.error().detail;
    EXPECT_EQ(conf.error().detail.find("s3cret"), std::string::npos) << conf.error().detail;
  }
}

TEST(KafkaConf, RefusesPropertiesThatDoNotGoTogether) {
  auto conf = make_kafka_conf({"localhost:1", {{"linger.ms", "9000"}}},
                              {{"message.timeout.ms", "5000"}}, {{"enable.idempotence", "true"}});
  ASSERT_TRUE(conf) << conf.error().detail;
  const auto opened = open_kafka(RD_KAFKA_PRODUCER, std::move(conf).value(), nullptr);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::invalid_argument);
  EXPECT_NE(opened.error().detail.find("linger.ms"), std::string::npos) << opened.error().detail;
}

TEST(KafkaError, MeansWhatACallerCanDoAboutIt) {
  struct Row {
    rd_kafka_resp_err_t code;
    Errc expected;
  };
  for (const Row& row : {Row{RD_KAFKA_RESP_ERR__QUEUE_FULL, Errc::resource_exhausted},
                         Row{RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, Errc::unavailable},
                         Row{RD_KAFKA_RESP_ERR__TRANSPORT, Errc::unavailable},
                         Row{RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, Errc::unavailable},
                         Row{RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, Errc::unavailable},
                         Row{RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Errc::unavailable},
                         Row{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Errc::invalid_argument}}) {
    const Error error = kafka_error(row.code, "topic orders");
    EXPECT_EQ(error.code, row.expected) << error.detail;
    EXPECT_TRUE(error.detail.starts_with("topic orders: ")) << error.detail;
  }
}

TEST(KafkaTopic, HasANameThatKafkaTakes) {
  EXPECT_TRUE(check_kafka_topic("knative-messaging-kafka.default.orders"));
  EXPECT_TRUE(check_kafka_topic(std::string(249, 'x')));
  for (const std::string& bad :
       {std::string(), std::string("a/b"), std::string(250, 'x'), std::string("..")}) {
    const auto checked = check_kafka_topic(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code, Errc::invalid_argument);
  }
}

TEST(KafkaFields, AreRefusedByName) {
  struct Bad {
    nlohmann::json spec;
    const char* expected;
  };
  for (const Bad& bad :
       {Bad{nlohmann::json::object(), "bootstrapServers: missing"},
        Bad{{{"bootstrapServers", 3}}, "bootstrapServers: no string"},
        Bad{{{"bootstrapServers", "a:1"}, {"properties", 3}}, "properties: not a map"},
        Bad{{{"bootstrapServers", "a:1"}, {"properties", {{"x", 3}}}}, "value of 'x' is no"}}) {
    const auto settings = read_kafka_settings(bad.spec);
    ASSERT_FALSE(settings) << bad.expected;
    EXPECT_NE(settings.error().detail.find(bad.expected), std::string::npos)
        << settings.error().detail;
  }
  EXPECT_FALSE(read_kafka_count({{"numPartitions", 0}}, "numPartitions", 10));
  EXPECT_FALSE(read_kafka_count({{"numPartitions", "3"}}, "numPartitions", 10));
  EXPECT_EQ(read_kafka_count({{"numPartitions", 3}}, "numPartitions", 10).value(), 3);
}

}  // namespace
}  // namespace sluice
