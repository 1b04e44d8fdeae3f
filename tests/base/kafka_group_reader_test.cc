// What is checked: a member of a group against the mock cluster, or a real broker: where it begins,
// what it commits, what comes again, and what a rebalance does. A new group takes the broker some
// seconds to form, so a test does several things with one.

#include "base/kafka_group_reader.h"

#include "tests/support/kafka_mock.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice {
namespace {

using testing::ElementsAre;

class KafkaGroupReaderTest : public testing::Test {
 protected:
  std::shared_ptr<KafkaGroupReader> open(KafkaInitial initial = KafkaInitial::beginning) {
    KafkaReaderOptions options;
    options.settings = cluster_->settings();
    options.settings.properties["session.timeout.ms"] = "3000";
    options.settings.properties["heartbeat.interval.ms"] = "300";
    options.name.group = group_;
    options.name.topics = {topic_};
    options.name.initial = initial;
    auto reader = KafkaGroupReader::open(core_, std::move(options));
    EXPECT_TRUE(reader) << reader.error().detail;
    reader.value()->listen([this] { ++woken_; });
    return std::move(reader).value();
  }

  void write(const std::string& value, int partition = 0) {
    KafkaTestRecord record;
    record.value = value;
    record.partition = partition;
    cluster_->write(topic_, record);
  }

  void wait_positioned(KafkaGroupReader& reader) {
    const auto there = run_task(core_, reader.wait_positioned(core_, kNever));
    ASSERT_TRUE(there) << there.error().detail;
  }

  /// The next record, once it is there.
  KafkaRecord next(KafkaGroupReader& reader) {
    for (;;) {
      const int count = woken_;
      auto record = reader.take();
      if (record) return std::move(*record);
      run_until(core_, [&] { return woken_ != count; });
    }
  }

  /// The next record of one of two, settled.
  std::string next_settled(KafkaGroupReader& one, KafkaGroupReader& two) {
    for (;;) {
      const int count = woken_;
      for (KafkaGroupReader* const reader : {&one, &two}) {
        const auto record = reader->take();
        if (!record) continue;
        reader->settle(record->ticket);
        return value_of(*record);
      }
      run_until(core_, [&] { return woken_ != count; });
    }
  }

  static std::string value_of(const KafkaRecord& record) {
    if (record.raw) return std::string(record.value().value_or("(none)"));
    return *std::static_pointer_cast<const std::string>(record.kept);
  }

  std::string next_settled(KafkaGroupReader& reader) {
    const KafkaRecord record = next(reader);
    reader.settle(record.ticket);
    return value_of(record);
  }

  /// Runs the core until the group's committed offset on partition 0 is `offset`.
  void wait_for_commit(std::int64_t offset) {
    auto conf = make_kafka_conf(cluster_->settings(), {}, {{"group.id", group_}});
    const auto client = open_kafka(RD_KAFKA_CONSUMER, std::move(conf).value(), nullptr);
    for (;;) {
      const auto committed = committed_kafka_offsets(*client.value(), {topic_});
      if (committed && committed.value()->elems[0].offset == offset) return;
      run_some(core_);
    }
  }

  void close(KafkaGroupReader& reader) { run_task(core_, reader.close()); }

  int woken_ = 0;
  TestCore test_core_;
  Core& core_ = test_core_.core;
  const std::string topic_ = unique_kafka_name("orders");
  const std::string group_ = unique_kafka_name("group");
  std::unique_ptr<KafkaTestCluster> cluster_ = kafka_test_cluster();
};

TEST_F(KafkaGroupReaderTest, ANewGroupBeginsAtTheEndAndMissesNothingFromThenOn) {
  cluster_->create_topic(topic_, 1);
  write("before");
  const auto reader = open(KafkaInitial::end);
  wait_positioned(*reader);
  write("after");
  EXPECT_EQ(next_settled(*reader), "after");
  EXPECT_EQ(reader->trouble(), "");
  close(*reader);
  EXPECT_FALSE(reader->take());
}

TEST_F(KafkaGroupReaderTest, OnlyWhatIsSettledWithoutAGapIsCommittedAndTheRestComesAgain) {
  cluster_->create_topic(topic_, 1);
  for (const char* value : {"0", "1", "2", "3"}) write(value);
  {
    const auto reader = open();
    const KafkaRecord first = next(*reader);
    const KafkaRecord second = next(*reader);
    const KafkaRecord third = next(*reader);
    EXPECT_EQ(value_of(third), "2");
    reader->settle(first.ticket);
    reader->settle(third.ticket);
    wait_for_commit(1);
    EXPECT_EQ(reader->backlog().at(0).done, 2) << "of three handed out, two are settled";
  }  // As if the process had died: the session has to time out.
  const auto reader = open();
  EXPECT_EQ(next_settled(*reader), "1");
  EXPECT_EQ(next_settled(*reader), "2");
  EXPECT_EQ(next_settled(*reader), "3");
  close(*reader);  // Commits at once.
  wait_for_commit(4);
}

TEST_F(KafkaGroupReaderTest, HandsOutFirstWhatWasGivenBack) {
  cluster_->create_topic(topic_, 1);
  for (const char* value : {"0", "1"}) write(value);
  const auto reader = open();
  KafkaRecord first = next(*reader);
  EXPECT_EQ(first.ticket.attempt, 1U);
  reader->give_back(std::move(first.ticket), std::make_shared<const std::string>("kept"));
  const KafkaRecord again = next(*reader);
  EXPECT_EQ(again.ticket.attempt, 2U);
  EXPECT_EQ(value_of(again), "kept");
  EXPECT_EQ(again.ticket.offset, 0);
  EXPECT_EQ(next_settled(*reader), "1");
  reader->settle(again.ticket);
  wait_for_commit(2);
  close(*reader);
}

TEST_F(KafkaGroupReaderTest, PausesWhenNobodyAsksAndGoesOnWhereItWas) {
  cluster_->create_topic(topic_, 1);
  for (int i = 0; i < 50; ++i) write(std::to_string(i));
  const auto reader = open();
  EXPECT_EQ(next_settled(*reader), "0");
  // More than the time after which it pauses; nothing tells that it has.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1800);
  while (std::chrono::steady_clock::now() < until) run_some(core_);
  for (int i = 1; i < 50; ++i) EXPECT_EQ(next_settled(*reader), std::to_string(i));
  write("late");
  EXPECT_EQ(next_settled(*reader), "late");
  close(*reader);
}

TEST_F(KafkaGroupReaderTest, WhatWasPausedGoesOnAfterARebalance) {
  cluster_->create_topic(topic_, 2);
  for (int i = 0; i < 4; ++i) write(std::to_string(i), i % 2);
  const auto one = open();
  for (int i = 0; i < 4; ++i) next_settled(*one);
  // More than the time after which it pauses; nothing tells that it has.
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1800);
  while (std::chrono::steady_clock::now() < until) run_some(core_);
  const auto two = open();
  while (!one->backlog().empty()) run_some(core_);  // Its partitions were taken away.
  write("4", 0);
  write("5", 1);
  // A second rebalance may hand one of them out again.
  std::set<std::string> values;
  while (values.size() < 2) values.insert(next_settled(*one, *two));
  EXPECT_THAT(values, ElementsAre("4", "5"));
  close(*one);
  close(*two);
}

TEST_F(KafkaGroupReaderTest, ARebalanceLosesNothingAndMarksWhatWasNotSettledAsLost) {
  cluster_->create_topic(topic_, 2);
  for (int i = 0; i < 20; ++i) write(std::to_string(i), i % 2);
  const auto one = open();
  std::vector<std::string> values;
  // Two are held, of both partitions, and not settled in time.
  const KafkaRecord held = next(*one);
  KafkaRecord other = next(*one);
  while (other.ticket.partition == held.ticket.partition) {
    one->settle(other.ticket);
    values.push_back(value_of(other));
    other = next(*one);
  }
  const auto two = open();
  while (values.size() < 20) {
    values.push_back(next_settled(*one, *two));
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  EXPECT_TRUE(held.ticket.partition->is_lost());
  EXPECT_TRUE(other.ticket.partition->is_lost());
  one->settle(held.ticket);  // Too late, and harmless.
  // Each comes to own one of the two; on a slow machine a second rebalance is still under way.
  while (one->backlog().size() != 1 || two->backlog().size() != 1) run_some(core_);
  close(*one);
  close(*two);
}

TEST_F(KafkaGroupReaderTest, StartsWithoutItsTopicAndSaysSo) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  cluster_->create_topic(topic_, 1);
  cluster_->set_topic_error(topic_, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  const auto reader = open();
  while (reader->trouble().find("is not there") == std::string::npos) run_some(core_);
  cluster_->set_topic_error(topic_, RD_KAFKA_RESP_ERR_NO_ERROR);
  wait_positioned(*reader);
  write("0");
  EXPECT_EQ(next_settled(*reader), "0");
  close(*reader);
}

TEST_F(KafkaGroupReaderTest, SurvivesAnOutageOfTheBrokers) {
  if (cluster_->is_real()) GTEST_SKIP() << "faults need the mock cluster";
  cluster_->create_topic(topic_, 1);
  write("0");
  const auto reader = open();
  EXPECT_EQ(next_settled(*reader), "0");
  cluster_->set_up(false);
  ASSERT_FALSE(reader->take());
  while (reader->trouble().empty()) run_some(core_);
  cluster_->set_up(true);
  write("1");
  EXPECT_EQ(next_settled(*reader), "1");
  while (!reader->trouble().empty()) run_some(core_);
  close(*reader);
}

TEST_F(KafkaGroupReaderTest, ClosesWhileItIsStillJoining) {
  cluster_->create_topic(topic_, 1);
  const auto reader = open();
  close(*reader);
  const auto never = run_task(core_, reader->wait_positioned(core_, kNever));
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().code, Errc::cancelled);
}

/// find_kafka_starts() by a client that is no member: Kafka takes commits of a group without any.
class KafkaStarts : public KafkaGroupReaderTest {
 protected:
  void SetUp() override {
    cluster_->create_topic(topic_, 2);
    for (int i = 0; i < 4; ++i) write("x", i % 2);
    auto conf = make_kafka_conf(cluster_->settings(), {}, {{"group.id", group_}});
    client_ = open_kafka(RD_KAFKA_CONSUMER, std::move(conf).value(), nullptr).value();
  }

  void commit(int partition, std::int64_t offset, const std::string& note) {
    const KafkaList list = make_kafka_list();
    auto* const one = rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), partition);
    one->offset = offset;
    set_kafka_note(*one, note);
    ASSERT_EQ(rd_kafka_commit(client_.get(), list.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  std::vector<std::int64_t> starts(KafkaInitial initial) {
    const KafkaList assigned = make_kafka_list();
    for (int i = 0; i < 2; ++i) {
      rd_kafka_topic_partition_list_add(assigned.get(), topic_.c_str(), i);
    }
    KafkaGroupName name;
    name.group = group_;
    name.topics = {topic_};
    name.initial = initial;
    const auto found = find_kafka_starts(*client_, name, *assigned);
    EXPECT_TRUE(found) << found.error().detail;
    return {found.value()->elems[0].offset, found.value()->elems[1].offset};
  }

  KafkaHandle client_;
};

TEST_F(KafkaStarts, OfANewGroupAreTheEndOrTheBeginningAndStay) {
  EXPECT_THAT(starts(KafkaInitial::end), ElementsAre(2, 2));
  write("y", 0);
  EXPECT_THAT(starts(KafkaInitial::end), ElementsAre(2, 2)) << "they were committed";
}

TEST_F(KafkaStarts, OfAPartitionThatTheGroupBeganWithAreInitial) {
  commit(0, 1, "sluice-partitions=2");
  EXPECT_THAT(starts(KafkaInitial::end), ElementsAre(1, 2));
}

TEST_F(KafkaStarts, OfAPartitionThatWasAddedAreItsBeginning) {
  commit(0, 1, "sluice-partitions=1");
  EXPECT_THAT(starts(KafkaInitial::end), ElementsAre(1, 0));
}

TEST_F(KafkaStarts, OfAPartitionThatAForeignGroupHasNotReadAreItsBeginning) {
  commit(0, 1, "");
  EXPECT_THAT(starts(KafkaInitial::end), ElementsAre(1, 0));
}

TEST_F(KafkaStarts, WithinTheLogWhereTheCommittedOffsetIsNot) {
  commit(0, 100, "sluice-partitions=2");
  commit(1, 2, "sluice-partitions=2");
  EXPECT_THAT(starts(KafkaInitial::end), ElementsAre(0, 2));
}

}  // namespace
}  // namespace sluice
