// What is checked: the events that a KafkaSource makes of records (reference: Knative's data
// plane), and that its position survives restarts. On the mock cluster or a real broker.

#include "sources/kafka_event.h"
#include "sources/source.h"
#include "tests/support/consumers.h"
#include "tests/support/events.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/run_task.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

KafkaSourceRecord record_at_5(std::span<const RecordField> fields, std::string_view value) {
  KafkaSourceRecord record;
  record.topic = "orders";
  record.partition = 2;
  record.offset = 5;
  record.timestamp_ms = 1'600'000'000'123;
  record.value = value;
  record.fields = fields;
  return record;
}

KafkaEventFormat format() {
  KafkaEventFormat format;
  format.source = "/apis/v1/namespaces/shop/kafkasources/in";
  return format;
}

TEST(KafkaEvent, WrapsWhatIsNoEvent) {
  const std::vector<RecordField> fields = {
      {"X-Trace_Id", "7"}, {"content-type", "text/plain"}, {"bad", "\xff"}};
  auto record = record_at_5(fields, "hello");
  record.key = "k";
  const auto event = event_of_kafka_record(record, format());
  EXPECT_EQ(event->type(), "dev.knative.kafka.event");
  EXPECT_EQ(event->id(), "partition:2/offset:5");
  EXPECT_EQ(event->source(), "/apis/v1/namespaces/shop/kafkasources/in#orders");
  EXPECT_EQ(attribute_of(event, "subject"), "partition:2#5");
  EXPECT_TRUE(attribute_of(event, "time").starts_with("2020-09-13T12:26:40.123"));
  EXPECT_EQ(attribute_of(event, "key"), "k");
  EXPECT_EQ(attribute_of(event, "partitionkey"), "k");
  EXPECT_EQ(attribute_of(event, "kafkaheaderxtraceid"), "7");
  EXPECT_EQ(attribute_of(event, "datacontenttype"), "text/plain");
  EXPECT_EQ(attribute_of(event, "kafkaheaderbad"), "(absent)");
  EXPECT_EQ(attribute_of(event, "knativekafkapartition"), "2");
  EXPECT_EQ(attribute_of(event, "knativekafkaoffset"), "5");
  EXPECT_EQ(event->data(), "hello");
}

TEST(KafkaEvent, PassesEventsThroughInBothModes) {
  const std::vector<RecordField> binary = {
      {"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/s"}, {"ce_type", "t"}};
  const std::vector<RecordField> structured = {{"content-type", "application/cloudevents+json"}};
  const std::string json = R"({"specversion":"1.0","id":"1","source":"/s","type":"t"})";
  auto with_overrides = format();
  with_overrides.overrides = {{"cluster", "blue"}};
  for (const auto& record : {record_at_5(binary, "data"), record_at_5(structured, json)}) {
    const auto event = event_of_kafka_record(record, with_overrides);
    EXPECT_EQ(event->id(), "1");
    EXPECT_EQ(event->source(), "/s");
    EXPECT_EQ(event->type(), "t");
    EXPECT_EQ(attribute_of(event, "knativekafkapartition"), "2");
    EXPECT_EQ(attribute_of(event, "knativekafkaoffset"), "5");
    EXPECT_EQ(attribute_of(event, "cluster"), "blue");
    EXPECT_EQ(attribute_of(event, "key"), "(absent)");
  }
}

TEST(KafkaEvent, WrapsWhatClaimsToBeAnEventAndIsNoValidOne) {
  const std::vector<RecordField> fields = {{"ce_specversion", "1.0"}, {"ce_id", "1"}};
  const auto event = event_of_kafka_record(record_at_5(fields, "data"), format());
  EXPECT_EQ(event->type(), "dev.knative.kafka.event");
  EXPECT_EQ(attribute_of(event, "kafkaheaderceid"), "1");
  EXPECT_EQ(event->data(), "data");
}

TEST(KafkaEvent, ReadsKeysAsTheirTypeSays) {
  using std::string_literals::operator""s;
  struct Row {
    KafkaKeyType type;
    std::string key;
    const char* expected;
  };
  for (const Row& row :
       {Row{KafkaKeyType::string, "abc", "abc"}, Row{KafkaKeyType::string, "\xff", "/w=="},
        Row{KafkaKeyType::int32, "\0\0\1\2"s, "258"},
        Row{KafkaKeyType::int32, "\xff\xff\xff\xff", "-1"}, Row{KafkaKeyType::int32, "abc", "abc"},
        Row{KafkaKeyType::floating, "\x3f\xc0\0\0"s, "1.5"},
        Row{KafkaKeyType::floating, "\x40\0\0\0\0\0\0\0"s, "2.0"},
        Row{KafkaKeyType::floating, "abc", "abc"}, Row{KafkaKeyType::bytes, "abc", "YWJj"}}) {
    EXPECT_EQ(kafka_key_text(row.key, row.type), row.expected);
  }
}

TEST(KafkaEvent, HasRoomForItsOwnExtensionsAmongManyHeaders) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("h" + std::to_string(i));
  std::vector<RecordField> fields;
  for (const std::string& name : names) fields.push_back({name, "x"});
  const auto event = event_of_kafka_record(record_at_5(fields, ""), format());
  std::size_t count = 0;
  event->for_each_attribute([&](const Attribute&) { ++count; });
  EXPECT_LE(count, 120U);
  EXPECT_EQ(attribute_of(event, "knativekafkaoffset"), "5");
}

class KafkaSourceTest : public testing::Test {
 protected:
  std::unique_ptr<Reader> open(const nlohmann::json& extra = nlohmann::json::object()) {
    SourceSpec spec;
    spec.kind = "KafkaSource";
    spec.ns = "shop";
    spec.name = "in";
    spec.spec = {{"bootstrapServers", cluster_->servers()},
                 {"topics", {first_, second_}},
                 {"consumerGroup", group_},
                 {"initialOffset", "earliest"},
                 {"properties", quick_kafka_properties()}};
    spec.spec.update(extra);
    ConsumerOptions options;
    options.name = "shop/in";
    options.core = &core_;
    auto reader = make_reader(spec, options);
    EXPECT_TRUE(reader) << reader.error().detail;
    return std::move(reader).value();
  }

  void write(const std::string& topic, const std::string& value) {
    KafkaTestRecord record;
    record.value = value;
    cluster_->write(topic, record);
  }

  std::string next_data_acked(Reader& reader) {
    const auto delivery = wait_for_next(core_, reader);
    delivery->ack();
    return std::string(delivery->event()->data());
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  const std::string first_ = unique_kafka_name("first");
  const std::string second_ = unique_kafka_name("second");
  const std::string group_ = unique_kafka_name("group");
  std::unique_ptr<KafkaTestCluster> cluster_ = kafka_test_cluster();
};

TEST_F(KafkaSourceTest, ReadsItsTopicsAndGoesOnAfterARestart) {
  cluster_->create_topic(first_, 1);
  cluster_->create_topic(second_, 1);
  write(first_, "1");
  {
    const auto reader = open();
    EXPECT_EQ(next_data_acked(*reader), "1");
    write(second_, "2");
    EXPECT_EQ(next_data_acked(*reader), "2");
    write(first_, "3");
    auto delivery = wait_for_next(core_, *reader);
    EXPECT_EQ(delivery->attempt(), 1U);
    delivery.reset();
    delivery = wait_for_next(core_, *reader);
    EXPECT_EQ(delivery->event()->data(), "3");
    EXPECT_EQ(delivery->attempt(), 2U);
    EXPECT_EQ(reader->trouble(), "");
    run_task(core_, reader->close());
  }
  const auto reader = open({{"initialOffset", "latest"}});
  EXPECT_EQ(next_data_acked(*reader), "3") << "it was not settled";
  run_task(core_, reader->close());
}

TEST_F(KafkaSourceTest, RefusesBadFieldsByName) {
  struct Bad {
    nlohmann::json extra;
    const char* expected;
  };
  for (const Bad& bad : {Bad{{{"color", "red"}}, "no field 'color'"},
                         Bad{{{"topics", nlohmann::json::array()}}, "topics: name at least one"},
                         Bad{{{"topics", {"a/b"}}}, "topics: "},
                         Bad{{{"initialOffset", "middle"}}, "initialOffset: 'middle'"},
                         Bad{{{"keyType", "uuid"}}, "keyType: 'uuid'"},
                         Bad{{{"bootstrapServers", ""}}, "bootstrapServers"},
                         Bad{{{"properties", {{"group.id", "x"}}}}, "'group.id'"}}) {
    SourceSpec spec;
    spec.kind = "KafkaSource";
    spec.spec = {{"topics", {"t"}}, {"bootstrapServers", "127.0.0.1:1"}};
    spec.spec.update(bad.extra);
    ConsumerOptions options;
    options.core = &core_;
    const auto made = make_reader(spec, options);
    ASSERT_FALSE(made) << bad.expected;
    EXPECT_EQ(made.error().code, Errc::invalid_argument);
    EXPECT_NE(made.error().detail.find(bad.expected), std::string::npos) << made.error().detail;
  }
}

}  // namespace
}  // namespace sluice
