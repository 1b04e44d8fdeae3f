// What is checked: events in binary mode, read and written (CloudEvents HTTP binding 1.0.2, section
// 3.1): modes, names, percent-encoding, versions, data, headers that travel beside. Bad events have
// a table of their own in bad_binary_test.cc.

#include "tests/event/event_reading.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

// folder.

struct ModeCase {
  Headers headers;
  HttpMode mode;
};

TEST(HttpModeOf, FollowsTheContentTypeThenSpecversion) {
  const HttpField version = {"CE-SpecVersion", "1.0"};
  const ModeCase cases[] = {
      {{}, HttpMode::none},
      {{{"Content-Type", "application/json"}, {"ce-id", "1"}}, HttpMode::none},
      {{version}, HttpMode::binary},
      {{{"Content-Type", "application/json"}, version}, HttpMode::binary},
      {{{"content-type", "application/cloudevents+json"}}, HttpMode::structured},
      {{{"CONTENT-TYPE", "Application/CloudEvents+JSON; charset=UTF-8"}}, HttpMode::structured},
      {{{"Content-Type", "application/cloudevents+json ;x=y"}}, HttpMode::structured},
      {{version, {"Content-Type", "application/cloudevents+json"}}, HttpMode::structured},
      {{{"Content-Type", "application/cloudevents-batch+json"}}, HttpMode::batch},
      {{{"Content-Type", "application/cloudevents"}}, HttpMode::unsupported},
      {{{"Content-Type", "application/cloudevents; charset=utf-8"}, version},
       HttpMode::unsupported},
      {{{"Content-Type", "application/cloudevents+xml"}}, HttpMode::unsupported},
      {{{"Content-Type", "application/cloudevents+avro"}}, HttpMode::unsupported},
      {{{"Content-Type", "application/cloudevents+jsonx"}}, HttpMode::unsupported},
      {{{"Content-Type", "application/cloudevents-batch"}}, HttpMode::unsupported},
      {{{"Content-Type", "application/cloudevents-batch+xml"}}, HttpMode::unsupported},
      {{{"Content-Type", "text/plain; a=application/cloudevents+json"}}, HttpMode::none},
  };
  for (const ModeCase& c : cases) {
    EXPECT_EQ(http_mode(c.headers), c.mode)
        << (c.headers.empty() ? "nothing" : c.headers.back().value);
  }
}

TEST(BinaryMode, ReadsAttributesInAnySpelling) {
  const auto read = read_http({{"Host", "x"},
                               {"CE-SPECVERSION", "1.0"},
                               {"Ce-Type", "com.example.Created"},
                               {"ce-Source", "/shop?a=b#c"},
                               {"ce-ID", "A1"},
                               {"ce-time", "2016-12-31T23:59:60Z"},
                               {"ce-dataschema", "https://example.com/schema#v1"},
                               {"ce-Subject", "orders/42"},
                               {"ce-MyExt2", "5"},
                               {"ce-empty", ""},
                               {"Content-Type", "Application/JSON; charset=\"utf-8\""}},
                              "{\"a\": 1}");
  ASSERT_TRUE(read) << read.error().detail;
  const Event& event = *read.value();
  const std::map<std::string, std::string> want = {
      {"id", "A1"},
      {"source", "/shop?a=b#c"},
      {"type", "com.example.Created"},
      {"time", "2016-12-31T23:59:60Z"},
      {"dataschema", "https://example.com/schema#v1"},
      {"subject", "orders/42"},
      {"myext2", "5"},
      {"empty", ""},
      {"datacontenttype", "Application/JSON; charset=\"utf-8\""}};
  EXPECT_EQ(attributes_of(event), want);
  EXPECT_EQ(event.attribute("specversion"), "1.0");
  EXPECT_EQ(event.data(), "{\"a\": 1}");
  EXPECT_EQ(event.data_kind(), DataKind::bytes);
}

TEST(BinaryMode, DecodesValues) {
  const auto read = read_http(with_required({{"ce-a", "Euro%20%E2%82%AC%20%f0%9f%98%80"},
                                             {"ce-b", "\"quoted \\\"text\\\"\""},
                                             {"ce-c", "raw \u20AC and \"quotes\""},
                                             {"ce-d", "%2525"}}),
                              "");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->attribute("a"), "Euro \u20AC \U0001F600");
  EXPECT_EQ(read.value()->attribute("b"), "quoted \"text\"");
  EXPECT_EQ(read.value()->attribute("c"), "raw \u20AC and \"quotes\"");
  EXPECT_EQ(read.value()->attribute("d"), "%25");
}

TEST(BinaryMode, DoesWithoutBodyAndContentType) {
  const auto read = read_http(with_required({}), "");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->data_kind(), DataKind::none);
  EXPECT_EQ(read.value()->attribute("datacontenttype"), std::nullopt);
  EXPECT_EQ(headers_of(*read.value()),
            "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n");
}

TEST(BinaryMode, KeepsDataByteForByteUnderAnyContentType) {
  const std::string bytes("\x00\xff{ \"n\": 1e400 }\r\n", 17);
  for (const char* type : {"application/vnd.apache.thrift.binary", "application/xml",
                           "application/json", "text/plain;charset=iso-8859-1"}) {
    const auto read = read_http(with_required({{"content-type", type}}), bytes);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read.value()->data(), bytes);
    EXPECT_EQ(read.value()->attribute("datacontenttype"), type);
  }
}

TEST(BinaryMode, AdoptsABodyWithABufferOfItsOwn) {
  HttpBody body;
  body.owned = std::make_unique<char[]>(100);
  std::memset(body.owned.get(), 'x', 80);
  body.owned_size = 100;
  body.bytes = {body.owned.get(), 80};
  const char* const where = body.bytes.data();
  const Headers bad = with_required({{"ce-time", "now"}});
  ASSERT_FALSE(event_from_http(HttpMode::binary, bad, body));
  ASSERT_EQ(body.owned.get(), where) << "an error leaves the body alone";
  const auto read = event_from_http(HttpMode::binary, with_required({}), body);
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value()->data().data(), where);
  EXPECT_GE(read.value()->size_bytes(), 100U);
  EXPECT_EQ(body.owned, nullptr);
}

TEST(BinaryMode, KeepsVersion03AndItsAttributes) {
  const auto read = read_http({{"ce-specversion", "0.3"},
                               {"ce-id", "1"},
                               {"ce-source", "/s"},
                               {"ce-type", "t"},
                               {"ce-schemaurl", "/schemas/1"},
                               {"content-type", "text/plain"}},
                              "hi");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(headers_of(*read.value()),
            "ce-specversion: 0.3\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n"
            "ce-schemaurl: /schemas/1\r\ncontent-type: text/plain\r\n");
}

TEST(BinaryMode, DecodesContentEncodingOf03Only) {
  Headers headers = with_required({{"ce-datacontentencoding", "Base64"}});
  const auto new_one = read_http(headers, "aGk=");
  ASSERT_TRUE(new_one) << new_one.error().detail;
  EXPECT_EQ(new_one.value()->data(), "aGk=");
  EXPECT_EQ(new_one.value()->attribute("datacontentencoding"), "Base64");
  headers[0].value = "0.3";
  const auto old_one = read_http(headers, "aGk=");
  ASSERT_TRUE(old_one) << old_one.error().detail;
  EXPECT_EQ(old_one.value()->data(), "hi");
  EXPECT_EQ(old_one.value()->attribute("datacontentencoding"), std::nullopt);
  const auto no_data = read_http(headers, "");
  ASSERT_TRUE(no_data);
  EXPECT_EQ(no_data.value()->data_kind(), DataKind::none);
}

TEST(BinaryMode, EncodesWhatHeadersCannotCarry) {
  EventBuilder builder;
  builder.set("id", "a \"b\" 100%").set("source", "/s").set("type", "\u20AC");
  builder.set("knativebrokerttl", "3", AttributeType::integer);
  builder.set("flag", "true", AttributeType::boolean);
  EXPECT_EQ(headers_of(*builder.build()),
            "ce-specversion: 1.0\r\nce-id: a%20%22b%22%20100%25\r\nce-source: /s\r\n"
            "ce-type: %E2%82%AC\r\nce-flag: true\r\n")
      << "and no subscriber sees the hop count";
}

TEST(BinaryMode, SaysThatJsonIsJsonWhereNobodyElseDid) {
  const auto read = read_json(json_with(R"("data":{"a":1})"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_TRUE(headers_of(*read.value()).ends_with("\r\ncontent-type: application/json\r\n"));
  EXPECT_EQ(read.value()->attribute("datacontenttype"), std::nullopt);
}

TEST(PassedHeaders, AreThoseOfTheAllowListInLowerCase) {
  const Headers sent = {{"X-Request-Id", "R 1"}, {"Knative-Foo", "f"},   {"X-B3-TraceId", "b"},
                        {"Traceparent", "00-a"}, {"TRACESTATE", "s"},    {"Foo", "x"},
                        {"Authorization", "x"},  {"X-Request-Id2", "x"}, {"Knative", "x"},
                        {"Retry-After", "1"},    {"x-b3-bad", "a\nb"},   {"kn-namespace", "x"}};
  const std::map<std::string, std::string> want = {{"x-request-id", "R 1"},
                                                   {"knative-foo", "f"},
                                                   {"x-b3-traceid", "b"},
                                                   {"traceparent", "00-a"},
                                                   {"tracestate", "s"}};
  Headers structured = sent;
  structured.push_back({"content-type", "application/cloudevents+json"});
  const Result<EventPtr> events[] = {read_http(with_required(sent), ""),
                                     read_http(structured, json_with(R"("a":"b")"))};
  for (const auto& read : events) {
    ASSERT_TRUE(read) << read.error().detail;
    std::map<std::string, std::string> passed;
    read.value()->for_each_header([&](const PassedHeader& header) {
      passed.emplace(std::string(header.name), std::string(header.value));
    });
    EXPECT_EQ(passed, want);
  }
}

}  // namespace
}  // namespace sluice
