// What is checked: any valid event comes back from a record exactly as it was, types and data kinds
// included; records that others wrote are read by the Kafka binding; what is no event is refused by
// name.

#include "event/event_record.h"

#include "tests/event/event_gen.h"
#include "tests/event/event_reading.h"
#include "tests/support/events.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sluice {
namespace {

using Fields = std::vector<RecordField>;

const Fields kMinimal = {
    {"ce_specversion", "1.0"}, {"ce_id", "1"}, {"ce_source", "/s"}, {"ce_type", "t"}};

Fields minimal_and(std::initializer_list<RecordField> more) {
  Fields fields = kMinimal;
  fields.insert(fields.end(), more);
  return fields;
}

std::string_view value_of(const EventRecord& record, std::string_view name) {
  for (const RecordField& field : record.fields) {
    if (field.name == name) return field.value;
  }
  return "(absent)";
}

std::map<std::string, AttributeType> all_types_of(const Event& event) {
  std::map<std::string, AttributeType> types;
  event.for_each_attribute([&](const Attribute& a) { types.emplace(std::string(a.name), a.type); });
  return types;
}

RC_GTEST_PROP(EventRecord, ComesBackAsItWas, ()) {
  const EventPtr event = draw_event().build();
  const EventRecord written = record_of(*event);
  const EventRecord record = EventRecord(written);  // Views into `written`.
  const auto read = event_from_record(record.fields, record.data);
  if (!read) RC_LOG(read.error().detail);
  RC_ASSERT(read.has_value());
  const Event& back = *read.value();
  RC_ASSERT(attributes_of(back) == attributes_of(*event));
  RC_ASSERT(all_types_of(back) == all_types_of(*event));
  RC_ASSERT(back.specversion() == event->specversion());
  RC_ASSERT(back.data() == event->data());
  RC_ASSERT(json_of(back, HopCount::keep) == json_of(*event, HopCount::keep));
}

TEST(EventRecord, IsWhatTheKafkaBindingSays) {
  const auto event =
      make_event("1", {{"datacontenttype", "application/json"}, {"partitionkey", "k"}, {"n", "5"}},
                 "{\"a\":1}");
  const EventRecord record = record_of(*event);
  EXPECT_EQ(value_of(record, "ce_specversion"), "1.0");
  EXPECT_EQ(value_of(record, "ce_id"), "1");
  EXPECT_EQ(value_of(record, "ce_source"), "/shop");
  EXPECT_EQ(value_of(record, "content-type"), "application/json");
  EXPECT_EQ(value_of(record, "ce_datacontenttype"), "(absent)");
  EXPECT_EQ(value_of(record, "ce_partitionkey"), "k");
  EXPECT_EQ(value_of(record, "sluice-kinds"), "(absent)") << "nothing that strings do not tell";
  EXPECT_EQ(record.key, "k");
  EXPECT_EQ(record.data, "{\"a\":1}");
  EXPECT_TRUE(is_event_record(record.fields));
}

TEST(EventRecord, KeepsTheHeadersThatTravelWithTheEvent) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  builder.header("traceparent", "00-aa-bb-01").header("knative-x", "y");
  const EventPtr event = builder.build();
  const EventRecord record = record_of(*event);
  const auto read = event_from_record(record.fields, record.data);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->header("traceparent"), "00-aa-bb-01");
  EXPECT_EQ(read.value()->header("knative-x"), "y");
  EXPECT_EQ(read.value()->data_kind(), DataKind::none);
}

TEST(EventRecord, AnEventWhoseDataIsAnEventStaysTheOuterOne) {
  for (const char* type : {"application/cloudevents+json", "application/cloudevents-batch+json"}) {
    for (const char* data : {R"({"specversion":"1.0","id":"in","source":"/i","type":"i"})", "{}"}) {
      const auto event =
          make_event("out", {{"datacontenttype", type}, {"partitionkey", "k"}}, data);
      const EventRecord record = record_of(*event);
      EXPECT_EQ(record.key, "k");
      const auto read = event_from_record(record.fields, record.data);
      ASSERT_TRUE(read) << read.error().detail;
      EXPECT_EQ(json_of(*read.value(), HopCount::keep), json_of(*event, HopCount::keep));
    }
  }
}

TEST(EventRecord, ReadsStructuredRecords) {
  const Fields fields = {{"content-type", "application/cloudevents+json; charset=utf-8"}};
  EXPECT_TRUE(is_event_record(fields));
  const auto read = event_from_record(
      fields, R"({"specversion":"1.0","id":"7","source":"/s","type":"t","n":5,"data":{"a":1}})");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->id(), "7");
  EXPECT_EQ(read.value()->data(), R"({"a":1})");
}

TEST(EventRecord, IgnoresForeignFieldsAndHintsThatAreNotSo) {
  const Fields fields = minimal_and({{"ce_n", "five"},
                                     {"app", "x"},
                                     {"ce_b", "true"},
                                     {"sluice-kinds", "n=i;b=b;data=json;=;x"}});
  const auto read = event_from_record(fields, "{not json");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->data_kind(), DataKind::bytes);
  EXPECT_EQ(all_types_of(*read.value())["n"], AttributeType::string);
  EXPECT_EQ(all_types_of(*read.value())["b"], AttributeType::boolean);
  EXPECT_FALSE(read.value()->header("app"));
}

TEST(EventRecord, TellsAbsentDataFromEmptyData) {
  const auto absent = event_from_record(kMinimal, std::nullopt);
  const auto empty = event_from_record(kMinimal, "");
  ASSERT_TRUE(absent);
  ASSERT_TRUE(empty);
  EXPECT_EQ(absent.value()->data_kind(), DataKind::none);
  EXPECT_EQ(empty.value()->data_kind(), DataKind::bytes);
}

TEST(EventRecord, RefusesWhatIsNoEventAndSaysWhy) {
  struct Case {
    Fields fields;
    std::string_view says;
  };
  const Case cases[] = {
      {{}, "ce_specversion"},
      {{{"ce_specversion", "1.0"}}, "'id'"},
      {minimal_and({{"ce_id", "2"}}), "'id' stands there twice"},
      {minimal_and({{"ce_Bad", "2"}}), "Bad"},
      {minimal_and({{"ce_time", "today"}}), "time"},
      {{{"ce_specversion", "2.0"}, {"ce_id", "1"}, {"ce_source", "/s"}, {"ce_type", "t"}}, "2.0"},
      {minimal_and({{"ce_x", "\xff"}}), "'x'"},
      {{{"content-type", "application/cloudevents+xml"}}, "application/cloudevents+json"},
  };
  for (const Case& one : cases) {
    const auto read = event_from_record(one.fields, "{}");
    ASSERT_FALSE(read) << one.says;
    EXPECT_EQ(read.error().code, Errc::invalid_argument);
    EXPECT_NE(read.error().detail.find(one.says), std::string::npos) << read.error().detail;
  }
}

}  // namespace
}  // namespace sluice
