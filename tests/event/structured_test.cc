// What is checked: events in structured mode, read and written (CloudEvents JSON event
// format 1.0.2, section 3, and 0.3): types of attributes, null members, the three forms of data,
// and that data is kept byte for byte. Bad events have a table of their own in
// bad_structured_test.cc.

#include "base/encoding.h"
#include "tests/event/event_reading.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

// folder.

TEST(StructuredMode, ReadsAttributesWithTheirTypes) {
  const auto good = read_json(R"( {"specversion" : "1.0", "id":"1","source":"/s","type":"t",
      "flag":true,"no":false,"five":5,"zero":-0,"least":-2147483648,"most":2147483647,
      "text":"a\"\\\/\u20ac\ud83d\ude00","gone":null,"subject":"\u0041",
      "i\u0064x":"escaped name"} )");
  ASSERT_TRUE(good) << good.error().detail;
  const std::map<std::string, std::string> want = {{"id", "1"},
                                                   {"source", "/s"},
                                                   {"type", "t"},
                                                   {"flag", "true"},
                                                   {"no", "false"},
                                                   {"five", "5"},
                                                   {"zero", "0"},
                                                   {"least", "-2147483648"},
                                                   {"most", "2147483647"},
                                                   {"text", "a\"\\/\u20ac\U0001f600"},
                                                   {"subject", "A"},
                                                   {"idx", "escaped name"}};
  EXPECT_EQ(attributes_of(*good.value()), want);
  EXPECT_EQ(json_of(*good.value()),
            R"({"specversion":"1.0","id":"1","source":"/s","type":"t","flag":true,"no":false,)"
            R"("five":5,"zero":0,"least":-2147483648,"most":2147483647,)"
            "\"text\":\"a\\\"\\\\/\u20ac\U0001f600\",\"subject\":\"A\",\"idx\":\"escaped name\"}");
  EXPECT_EQ(good.value()->data_kind(), DataKind::none);
}

struct DataCase {
  const char* members;
  DataKind kind;
  std::string data;
};

TEST(StructuredMode, ReadsTheFormsOfData) {
  const DataCase cases[] = {
      {R"("data":{ "n" : 1e400, "big": 123456789012345678901234567890, "s":"\ud800" })",
       DataKind::json, R"({ "n" : 1e400, "big": 123456789012345678901234567890, "s":"\ud800" })"},
      {R"("data": [1.0, 1.00,-0, 1E+2] )", DataKind::json, "[1.0, 1.00,-0, 1E+2]"},
      {R"("data":null)", DataKind::json, "null"},
      {R"("data": 5 )", DataKind::json, "5"},
      {R"("data":"text")", DataKind::json, R"("text")"},
      {R"("data":"","datacontenttype":"application/json")", DataKind::json, R"("")"},
      {R"("datacontenttype":"text/json","data":"a")", DataKind::json, R"("a")"},
      {R"("datacontenttype":"application/vnd.x+JSON;v=1","data":"a")", DataKind::json, R"("a")"},
      {R"("data":"<a>\n\u20ac</a>","datacontenttype":"application/xml")", DataKind::text,
       "<a>\n\u20ac</a>"},
      {R"("datacontenttype":"text/plain","data":"")", DataKind::text, ""},
      {R"("datacontenttype":"text/plain","data":{"a":1})", DataKind::json, R"({"a":1})"},
      {R"("data_base64":"AP8=")", DataKind::bytes, std::string("\x00\xff", 2)},
      {R"("data_base64":"\/\/8=")", DataKind::bytes, "\xff\xff"},
      {R"("data_base64":"")", DataKind::bytes, ""},
      {R"("data_base64":null,"data":1)", DataKind::json, "1"},
      {R"("data_base64":null)", DataKind::none, ""},
      {R"("a":1)", DataKind::none, ""},
  };
  for (const DataCase& c : cases) {
    const auto read = read_json(json_with(c.members));
    ASSERT_TRUE(read) << c.members << ": " << read.error().detail;
    EXPECT_EQ(read.value()->data_kind(), c.kind) << c.members;
    EXPECT_EQ(read.value()->data(), c.data) << c.members;
  }
}

TEST(StructuredMode, ReadsBase64Of03) {
  const std::string head = R"({"specversion":"0.3","id":"1","source":"/s","type":"t",)";
  const auto read =
      read_json(head + R"("schemaurl":"/x","data":"AP8=","datacontentencoding":"base64"})");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->data(), std::string_view("\x00\xff", 2));
  EXPECT_EQ(json_of(*read.value()),
            head + R"("schemaurl":"/x","datacontentencoding":"base64","data":"AP8="})");
  const auto without = read_json(head + R"("datacontentencoding":"base64","data":null})");
  ASSERT_TRUE(without) << without.error().detail;
  EXPECT_EQ(without.value()->data_kind(), DataKind::none);
}

TEST(StructuredMode, LetsTheContentTypeWinOverAttributeHeaders) {
  const auto read = read_http({{"ce-specversion", "0.3"},
                               {"ce-id", "header"},
                               {"ce-bad-name", "x"},
                               {"content-type", "application/cloudevents+json; charset=\"UTF-8\""}},
                              json_with(R"("a":"b")"));
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read.value()->id(), "1");
  EXPECT_EQ(read.value()->specversion(), SpecVersion::v1_0);
}

TEST(StructuredMode, ReadsNestingOf64LevelsAndNoMore) {
  // The event is the first level.
  const auto nested = [](std::size_t levels) {
    return json_with("\"data\":" + std::string(levels, '[') + std::string(levels, ']'));
  };
  EXPECT_TRUE(read_json(nested(63)));
  const auto read = read_json(nested(64));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("deeper than 64"), std::string::npos) << read.error().detail;
  EXPECT_FALSE(read_json(nested(500000)));
}

TEST(StructuredMode, ReadsLargeEventsAndSmallOnesAfterwards) {
  const std::string big(3 << 20, 'x');
  for (int i = 0; i < 2; ++i) {
    const auto read = read_json(json_with("\"data\":\"" + big + "\""));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read.value()->data().size(), big.size() + 2);
    EXPECT_TRUE(read_json(json_with("\"data\":1")));
  }
}

TEST(StructuredMode, AdoptsABodyThatIsMostlyData) {
  const std::string text = json_with("\"data\":\"" + std::string(1000, 'x') + "\"");
  HttpBody body;
  body.owned = std::make_unique<char[]>(text.size());
  std::memcpy(body.owned.get(), text.data(), text.size());
  body.owned_size = text.size();
  body.bytes = {body.owned.get(), text.size()};
  const Headers headers = {{"content-type", "application/cloudevents+json"}};
  const char* const start = body.bytes.data();
  const auto read = event_from_http(HttpMode::structured, headers, body);
  ASSERT_TRUE(read);
  EXPECT_EQ(read.value()->data().data(), start + text.find(":\"xx") + 1);
}

struct WriteCase {
  DataKind kind;
  std::string data;
  const char* content_type;  // Null for none.
  const char* want;          // What stands behind the attributes.
};

EventPtr event_of(const WriteCase& c, SpecVersion version) {
  EventBuilder builder;
  builder.specversion = version;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  if (c.content_type != nullptr) builder.set("datacontenttype", c.content_type);
  return builder.data(c.data, c.kind).build();
}

const WriteCase kWriteCases[] = {
    {DataKind::none, "", nullptr, "}"},
    {DataKind::none, "", "text/plain", "}"},
    {DataKind::json, R"({ "a":1.0 })", nullptr, R"(,"data":{ "a":1.0 }})"},
    {DataKind::json, "1", "text/plain", R"(,"data":1})"},
    {DataKind::text, "a\"\x01\u20ac", "text/plain", ",\"data\":\"a\\\"\\u0001\u20ac\"}"},
    {DataKind::text, "hi", nullptr, R"(,"data_base64":"aGk="})"},
    {DataKind::text, "{\"a\":1}", "application/json", R"(,"data":{"a":1}})"},
    {DataKind::text, "hi", "application/json", R"(,"data_base64":"aGk="})"},
    {DataKind::text, "\xff", "text/plain", R"(,"data_base64":"/w=="})"},
    {DataKind::bytes, R"({"a":1e400})", "application/json", R"(,"data":{"a":1e400}})"},
    {DataKind::bytes, "5", "application/x+json; v=1", R"(,"data":5})"},
    {DataKind::bytes, "{\"a\":1}\n", "application/json", ",\"data\":{\"a\":1}\n}"},
    {DataKind::bytes, "{a:1}", "application/json", R"(,"data_base64":"e2E6MX0="})"},
    {DataKind::bytes, "", "application/json", R"(,"data_base64":""})"},
    {DataKind::bytes, "{}", nullptr, R"(,"data_base64":"e30="})"},
    {DataKind::bytes, "hi\n", "text/plain", R"(,"data":"hi\n"})"},
    {DataKind::bytes, "hi", "TEXT/html; charset=utf-8", R"(,"data":"hi"})"},
    {DataKind::bytes, "hi", "text/plain; charset=iso-8859-1", R"(,"data_base64":"aGk="})"},
    {DataKind::bytes, "\xff", "text/plain", R"(,"data_base64":"/w=="})"},
    {DataKind::bytes, "<a/>", "application/xml", R"(,"data_base64":"PGEvPg=="})"},
};

TEST(StructuredMode, WritesDataInTheFormThatFits) {
  for (const WriteCase& c : kWriteCases) {
    std::string want = R"({"specversion":"1.0","id":"1","source":"/s","type":"t")";
    if (c.content_type != nullptr) {
      want += ",\"datacontenttype\":\"" + std::string(c.content_type) + "\"";
    }
    EXPECT_EQ(json_of(*event_of(c, SpecVersion::v1_0)), want + c.want);
  }
}

TEST(StructuredMode, StoresDataSoThatItComesBackByteForByte) {
  for (const WriteCase& c : kWriteCases) {
    for (const SpecVersion version : {SpecVersion::v1_0, SpecVersion::v0_3}) {
      const EventPtr event = event_of(c, version);
      const std::string text = json_of(*event, HopCount::keep);
      const auto read = read_json(text);
      ASSERT_TRUE(read) << text << ": " << read.error().detail;
      EXPECT_EQ(read.value()->data(), event->data()) << text;
      EXPECT_EQ(attributes_of(*read.value()), attributes_of(*event)) << text;
      EXPECT_EQ(read.value()->data_kind() == DataKind::none, c.kind == DataKind::none) << text;
    }
  }
}

TEST(StructuredMode, WritesTheHopCountOnlyWhereItIsStored) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  const EventPtr event = stamped(builder.build(), "2026-11-20T14:45:00Z", 7);
  const std::string start = R"({"specversion":"1.0","id":"1","source":"/s","type":"t",)"
                            R"("knativearrivaltime":"2026-11-20T14:45:00Z")";
  EXPECT_EQ(json_of(*event), start + "}");
  EXPECT_EQ(json_of(*event, HopCount::keep), start + R"(,"knativebrokerttl":7})");
}

}  // namespace
}  // namespace sluice
