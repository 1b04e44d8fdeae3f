// What is checked: the producer of a core against the mock cluster: what an answer means, what a
// fault becomes, and that it recovers by itself. Faults need the mock; a real broker skips them.

#include "base/kafka_producer.h"

#include "tests/support/kafka_mock.h"
#include "tests/support/run_task.h"

#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::steady_clock;

/// What became of records that are produced side by side.
struct Outcomes {
  std::vector<std::int64_t> offsets;  // In the order of the records.
  std::vector<Errc> errors;
  std::size_t left = 0;
};

Awaitable<void> keep(Task<KafkaPosition> work, std::size_t index, Outcomes& outcomes) {
  const auto done = co_await std::move(work);
  if (done) {
    outcomes.offsets[index] = done.value().offset;
  } else {
    outcomes.errors.push_back(done.error().code);
  }
  --outcomes.left;
}

class KafkaProducerTest : public testing::Test {
 protected:
  void SetUp() override { cluster_->create_topic(topic_, 4); }

  std::shared_ptr<KafkaProducer> open(std::map<std::string, std::string> properties = {}) {
    KafkaSettings settings = cluster_->settings();
    for (auto& [name, value] : properties) settings.properties[name] = value;
    auto producer = KafkaProducer::of(core_, settings);
    EXPECT_TRUE(producer) << producer.error().detail;
    return std::move(producer).value();
  }

  Task<KafkaPosition> produce(KafkaProducer& producer, std::string value, std::string key = "k",
                              Deadline deadline = kNever) {
    KafkaOutgoing record(1);
    record.topic = topic_;
    record.key = key;
    record.value = value;
    record.headers.add("name", "a value");
    co_return co_await producer.produce(record, deadline);
  }

  Result<KafkaPosition> produce_now(KafkaProducer& producer, const std::string& value,
                                    const std::string& key = "k", Deadline deadline = kNever) {
    return run_task(core_, produce(producer, value, key, deadline));
  }

  /// Produces `count` records of one key together.
  Result<std::vector<KafkaPosition>> produce_all_now(KafkaProducer& producer, std::size_t count,
                                                     Deadline deadline = kNever) {
    std::vector<KafkaOutgoing> records;
    for (std::size_t i = 0; i < count; ++i) {
      KafkaOutgoing& record = records.emplace_back(1);
      record.topic = topic_;
      record.key = "k";
      record.value = "x";
    }
    return run_task(core_, producer.produce_all(records, deadline));
  }

  /// Produces `count` records of one key side by side.
  void start(KafkaProducer& producer, std::size_t count, Outcomes& outcomes) {
    outcomes.offsets.resize(count);
    outcomes.left = count;
    for (std::size_t i = 0; i < count; ++i) {
      boost::asio::co_spawn(core_.executor(), keep(produce(producer, "x"), i, outcomes),
                            [](const std::exception_ptr&) {});
    }
  }

  /// Has the answers of the brokers come late, so late that what is about to be produced is settled
  /// by then. A real broker can't be told so.
  void delay_answers() {
    if (!cluster_->is_real()) cluster_->set_rtt_ms(500);
  }

  void answer_at_once() {
    if (!cluster_->is_real()) cluster_->set_rtt_ms(0);
  }

  /// Produces until that succeeds: the client has found the cluster again.
  void wait_until_it_works(KafkaProducer& producer) {
    for (;;) {
      const auto again = produce_now(producer, "again");
      if (again) return;
      ASSERT_EQ(again.error().code, Errc::unavailable) << again.error().detail;
    }
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  const std::string topic_ = unique_kafka_name("orders");
  std::unique_ptr<KafkaTestCluster> cluster_ = kafka_test_cluster();
};

TEST_F(KafkaProducerTest, AnswersWithWhereTheRecordStands) {
  const auto producer = open();
  const auto first = produce_now(*producer, "1");
  const auto second = produce_now(*producer, "2");
  ASSERT_TRUE(first) << first.error().detail;
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(first.value().partition, second.value().partition) << "of one key";
  EXPECT_EQ(first.value().offset + 1, second.value().offset);
  const auto records = cluster_->read(topic_, 4, 2);
  EXPECT_EQ(records[0].value, "1");
  EXPECT_EQ(records[0].key, "k");
  EXPECT_EQ(records[0].headers.at("name"), "a value");
}

TEST_F(KafkaProducerTest, IsSharedByAllOfACoreWhoAskForTheSame) {
  const auto one = open();
  EXPECT_EQ(one, open());
  EXPECT_NE(one, open({{"linger.ms", "2"}}));
}

TEST_F(KafkaProducerTest, LeavesNoWaitOnItsCore) {
  const auto producer = open();
  ASSERT_TRUE(produce_now(*producer, "1"));
  core_.deadlines().stop();
  drain(core_);
  core_.io().restart();
  core_.io().run();  // Would not return.
}

TEST_F(KafkaProducerTest, RefusesWhenItsQueueIsFull) {
  delay_answers();
  const auto producer = open({{"queue.buffering.max.messages", "1"}, {"linger.ms", "100"}});
  Outcomes outcomes;
  start(*producer, 2, outcomes);
  drain(core_);
  answer_at_once();
  run_until(core_, [&] { return outcomes.left == 0; });
  EXPECT_EQ(outcomes.errors, std::vector<Errc>{Errc::resource_exhausted});
}

// A round is full with four records, whatever the time; the next begins when the brokers answer.
TEST_F(KafkaProducerTest, HoldsBackWhatFollowsInItsOrderUntilTheBrokersAnswer) {
  delay_answers();
  const auto producer = open({{"batch.num.messages", "4"}, {"linger.ms", "2000"}});
  Outcomes outcomes;
  start(*producer, 12, outcomes);
  drain(core_);
  EXPECT_EQ(rd_kafka_outq_len(producer->handle().get()), 4);
  answer_at_once();
  run_until(core_, [&] { return outcomes.left == 0; });
  EXPECT_THAT(outcomes.errors, testing::IsEmpty());
  EXPECT_TRUE(std::ranges::is_sorted(outcomes.offsets));
}

TEST_F(KafkaProducerTest, HoldsBackNoMoreThanItsQueueTakes) {
  delay_answers();
  const auto producer = open(
      {{"batch.num.messages", "4"}, {"linger.ms", "2000"}, {"queue.buffering.max.messages", "8"}});
  Outcomes outcomes;
  start(*producer, 15, outcomes);
  drain(core_);
  EXPECT_EQ(outcomes.errors, std::vector<Errc>(3, Errc::resource_exhausted));
  answer_at_once();
  run_until(core_, [&] { return outcomes.left == 0; });
  EXPECT_EQ(outcomes.errors.size(), 3U);
}

TEST_F(KafkaProducerTest, ProducesSeveralTogetherInTheirOrder) {
  const auto producer = open({{"batch.num.messages", "4"}});
  const auto written = produce_all_now(*producer, 10);
  ASSERT_TRUE(written) << written.error().detail;
  ASSERT_EQ(written.value().size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(written.value()[i].offset, written.value()[0].offset + static_cast<int>(i));
  }
  EXPECT_EQ(cluster_->read(topic_, 4, 10).size(), 10U);
}

TEST_F(KafkaProducerTest, HandsOverNoneOfThoseForWhichItHasNoRoom) {
  const auto producer = open({{"queue.buffering.max.messages", "8"}});
  const auto refused = produce_all_now(*producer, 9);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  const auto written = produce_all_now(*producer, 8);
  ASSERT_TRUE(written) << written.error().detail;
  EXPECT_EQ(cluster_->read(topic_, 4, 8).size(), 8U);
}

TEST_F(KafkaProducerTest, HoldsNothingOfThoseThatAreLate) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  const auto producer = open({{"batch.num.messages", "4"}, {"linger.ms", "2000"}});
  ASSERT_TRUE(produce_now(*producer, "1"));
  cluster_->set_rtt_ms(500);
  const Deadline soon = steady_clock::now() + std::chrono::milliseconds(20);
  const auto late = produce_all_now(*producer, 10, soon);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
  cluster_->set_rtt_ms(0);
  const auto written = produce_all_now(*producer, 10);
  ASSERT_TRUE(written) << written.error().detail;
  EXPECT_EQ(written.value()[0].offset, 5) << "1 and the 4 that had gone, not the 6 that waited";
}

TEST_F(KafkaProducerTest, RefusesWhatIsTooLarge) {
  const auto producer = open({{"message.max.bytes", "2000"}});
  const auto refused = produce_now(*producer, std::string(4000, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument) << refused.error().detail;
}

TEST_F(KafkaProducerTest, EndsByItsDeadline) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  const auto producer = open();
  ASSERT_TRUE(produce_now(*producer, "1"));
  cluster_->set_rtt_ms(500);
  const auto late =
      produce_now(*producer, "2", "k", steady_clock::now() + std::chrono::milliseconds(20));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::deadline_exceeded);
}

TEST_F(KafkaProducerTest, IsUnavailableWhileTheBrokersAreDownAndWorksAgainWhenTheyAreUp) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  const auto producer = open({{"message.timeout.ms", "300"}});
  ASSERT_TRUE(produce_now(*producer, "1"));
  cluster_->set_up(false);
  while (producer->trouble().empty()) {
    const auto refused = produce_now(*producer, "2");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable) << refused.error().detail;
  }
  const auto at_once = produce_now(*producer, "3");
  ASSERT_FALSE(at_once);
  EXPECT_NE(at_once.error().detail.find("no Kafka broker of"), std::string::npos)
      << at_once.error().detail;
  cluster_->set_up(true);
  wait_until_it_works(*producer);
  EXPECT_EQ(producer->trouble(), "");
}

TEST_F(KafkaProducerTest, RidesOutWhatPasses) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  const auto producer = open();
  cluster_->fail_next(
      KafkaRequest::produce,
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
       RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  const auto written = produce_now(*producer, "1");
  EXPECT_TRUE(written) << written.error().detail;
  EXPECT_EQ(cluster_->read(topic_, 4, 1).size(), 1U);
}

// The second time librdkafka knows that the topic is not there, and refuses the record at once.
TEST_F(KafkaProducerTest, IsUnavailableForATopicThatIsNotThere) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  cluster_->set_topic_error(topic_, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto producer =
      open({{"message.timeout.ms", "300"}, {"topic.metadata.propagation.max.ms", "0"}});
  for (int i = 0; i < 2; ++i) {
    const auto refused = produce_now(*producer, "1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable) << refused.error().detail;
    EXPECT_NE(refused.error().detail.find(topic_), std::string::npos) << refused.error().detail;
  }
}

TEST_F(KafkaProducerTest, IsReplacedWhenItsClientHasFailedForGood) {
  const auto producer = open();
  ASSERT_TRUE(produce_now(*producer, "1"));
  const std::weak_ptr<rd_kafka_t> first = producer->handle();
  rd_kafka_test_fatal_error(producer->handle().get(),
                            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "a test");
  const auto refused = produce_now(*producer, "2");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable) << refused.error().detail;
  const auto written = produce_now(*producer, "3");
  EXPECT_TRUE(written) << written.error().detail;
  EXPECT_NE(first.lock(), producer->handle());
}

}  // namespace
}  // namespace sluice
