// What is checked: what is no valid event in structured mode is refused (400 at the ingress), and
// the error names the member, or the byte where the JSON is malformed.

#include "tests/event/event_reading.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

struct BadStructured {
  std::string text;  // A whole document where it does not start with a quote, else members.
  const char* message_part;
};

class BadStructuredEvent : public testing::TestWithParam<BadStructured> {};

TEST_P(BadStructuredEvent, IsRefusedAndNamed) {
  const std::string& text = GetParam().text;
  const auto read = read_json(text.starts_with('"') ? json_with(text) : text);
  ASSERT_FALSE(read) << text;
  EXPECT_EQ(read.error().code, Errc::invalid_argument);
  EXPECT_NE(read.error().detail.find(GetParam().message_part), std::string::npos)
      << text << ": " << read.error().detail;
  EXPECT_EQ(read.error().detail.find_first_of("\r\n"), std::string::npos) << "one line";
}

INSTANTIATE_TEST_SUITE_P(
    Malformed, BadStructuredEvent,
    testing::Values(
        BadStructured{"", "malformed JSON at byte 0: the text is empty"},
        BadStructured{" \n", "the text is empty"}, BadStructured{"not an event", "want an object"},
        BadStructured{"[]", "want an object"}, BadStructured{"null", "want an object"},
        BadStructured{"\xef\xbb\xbf{}", "want an object"},
        BadStructured{"{", "malformed JSON at byte 1: want a member name"},
        BadStructured{"{}}", "text behind the end"}, BadStructured{"{} x", "text behind the end"},
        BadStructured{"{,}", "byte 1: want a member name"},
        BadStructured{R"({"id":"1",})", "byte 10: want a member name"},
        BadStructured{R"({"id" "1"})", "byte 6: want ':'"},
        BadStructured{R"({"id":})", "byte 6: want a value"},
        BadStructured{R"({"id":"1" "a":1})", "byte 10: want ',' or '}'"},
        BadStructured{R"({"id":"1)", "a string is not closed"},
        BadStructured{R"({id:1})", "byte 1: want a member name"},
        BadStructured{R"({'id':'1'})", "want a member name"},
        BadStructured{R"({"a":1,1:2})", "byte 7: want a member name"},
        BadStructured{"{\"id\":\"a\nb\"}", "byte 8: a control character stands unescaped"},
        BadStructured{"{\"id\":\"\xff\"}", "byte 7: not UTF-8"},
        BadStructured{"{\"id\":\"\xed\xa0\x80\"}", "byte 7: not UTF-8"},
        BadStructured{R"("data":tru)", "want a value"}, BadStructured{R"("data":True)", "want a"},
        BadStructured{R"("data":nul)", "want a value"}, BadStructured{R"("data":NaN)", "want a"},
        BadStructured{R"("data":01)", "want a value"},
        BadStructured{R"("data":1.)", "want a value"},
        BadStructured{R"("data":.5)", "want a value"},
        BadStructured{R"("data":+1)", "want a value"},
        BadStructured{R"("data":1e)", "want a value"}, BadStructured{R"("data":-)", "want a value"},
        BadStructured{R"("data":0x10)", "want a value"},
        BadStructured{R"("data":"\x")", "want a value"},
        BadStructured{R"("data":"\u12g4")", "want a value"},
        BadStructured{R"("data":"\u12")", "want a value"},
        BadStructured{R"("data":[1,])", "want a value"},
        BadStructured{R"("data":[1 2])", "want ',' or the closing bracket"},
        BadStructured{R"("data":[1})", "want ',' or the closing bracket"},
        BadStructured{R"("data":{"a":1])", "want ',' or the closing bracket"},
        BadStructured{R"("data":{"a"})", "want a member name and ':'"},
        BadStructured{R"("data":{"a":1,})", "want a member name and ':'"},
        BadStructured{R"("data":1//x)", "want a value"},
        BadStructured{"\"data\":{\"a\":1", "want ',' or '}'"}));

INSTANTIATE_TEST_SUITE_P(
    Required, BadStructuredEvent,
    testing::Values(
        BadStructured{"{}", "'specversion' is required and missing"},
        BadStructured{R"({"id":"1","source":"/s","type":"t"})", "'specversion' is required"},
        BadStructured{R"({"specversion":null,"id":"1","source":"/s","type":"t"})", "'specversion'"},
        BadStructured{R"({"specversion":1.0,"id":"1","source":"/s","type":"t"})",
                      "'specversion' is not a string"},
        BadStructured{R"({"specversion":"2.0","id":"1","source":"/s","type":"t"})",
                      "'specversion' is neither 1.0 nor 0.3: '2.0'"},
        BadStructured{R"({"specversion":"1.0","source":"/s","type":"t"})", "'id' is required"},
        BadStructured{R"({"specversion":"1.0","id":"1","type":"t"})", "'source' is required"},
        BadStructured{R"({"specversion":"1.0","id":"1","source":"/s"})", "'type' is required"},
        BadStructured{R"({"specversion":"1.0","id":null,"source":"/s","type":"t"})", "'id' is req"},
        BadStructured{R"({"specversion":"1.0","id":7,"source":"/s","type":"t"})",
                      "'id' is a number; it must be a string"},
        BadStructured{R"({"specversion":"1.0","id":"","source":"/s","type":"t"})", "'id' is blank"},
        BadStructured{R"({"specversion":"1.0","id":" \t","source":"/s","type":"t"})", "'id' "},
        BadStructured{R"({"specversion":"1.0","id":"1","source":true,"type":"t"})",
                      "'source' is a boolean"},
        BadStructured{R"({"specversion":"1.0","id":"1","source":"","type":"t"})", "'source' is"},
        BadStructured{R"({"specversion":"1.0","id":"1","source":"a b","type":"t"})",
                      "'source' is not a URI-reference: 'a b'"},
        BadStructured{R"({"specversion":"1.0","id":"1","source":"/s","type":["t"]})",
                      "'type' is an array"},
        BadStructured{R"({"specversion":"1.0","id":"1","source":"/s","type":" "})", "'type' is"}));

INSTANTIATE_TEST_SUITE_P(
    Attributes, BadStructuredEvent,
    testing::Values(
        BadStructured{R"("time":"2026-11-20 14:45:00Z")", "'time' is not an RFC 3339"},
        BadStructured{R"("time":1700000000)", "'time' is a number"},
        BadStructured{R"("time":"")", "'time' is blank"},
        BadStructured{R"("subject":"")", "'subject' is blank"},
        BadStructured{R"("subject":5)", "'subject' is a number"},
        BadStructured{R"("dataschema":"relative")", "'dataschema' is not an absolute URI"},
        BadStructured{R"("dataschema":{})", "'dataschema' is an object"},
        BadStructured{R"("datacontenttype":"json")", "'datacontenttype' is not a media type"},
        BadStructured{R"("datacontenttype":" ")", "'datacontenttype' is blank"},
        BadStructured{R"("datacontenttype":false)", "'datacontenttype' is a boolean"},
        BadStructured{R"("ext":{"a":1})", "'ext' is an object; an attribute is a string"},
        BadStructured{R"("ext":[1])", "'ext' is an array"},
        BadStructured{R"("ext":1.5)", "'ext' is a number that is no integer"},
        BadStructured{R"("ext":1.0)", "'ext' is a number that is no integer"},
        BadStructured{R"("ext":1e2)", "'ext' is a number that is no integer"},
        BadStructured{R"("ext":2147483648)", "'ext' is an integer outside 32 bits"},
        BadStructured{R"("ext":-2147483649)", "'ext' is an integer outside 32 bits"},
        BadStructured{R"("ext":99999999999999999999999)", "'ext' is an integer outside 32 bits"},
        BadStructured{R"("ext":"a\u0000b")", "'ext' holds a control character at byte 1: 'a?b'"},
        BadStructured{R"("ext":"\n")", "'ext' holds a control character"},
        BadStructured{R"("ext":"\u0085")", "'ext' holds a control character"},
        BadStructured{"\"ext\":\"\x7f\"", "'ext' holds a control character"},
        BadStructured{R"("ext":"\uffff")", "'ext' holds a Unicode non-character"},
        BadStructured{R"("ext":"\ufdd0")", "'ext' holds a Unicode non-character"},
        BadStructured{R"("ext":"\ud83f\udffe")", "'ext' holds a Unicode non-character"},
        BadStructured{R"("ext":"\ud800")", "'ext' holds half a surrogate pair: \\ud800"},
        BadStructured{R"("ext":"\udc00")", "'ext' holds half a surrogate pair"},
        BadStructured{R"("ext":"\ud800\u0041")", "'ext' holds half a surrogate pair"},
        BadStructured{R"("ext":"\ud800x")", "'ext' holds half a surrogate pair"},
        BadStructured{R"("Ext":"a")", "attribute name 'Ext' may hold only lower-case"},
        BadStructured{R"("my-ext":"a")", "attribute name 'my-ext'"},
        BadStructured{R"("my_ext":null)", "attribute name 'my_ext'"},
        BadStructured{R"("":"a")", "attribute name is empty"},
        BadStructured{R"("caf\u00e9":"a")", "attribute name 'caf\u00e9'"},
        BadStructured{R"("\ud800":"a")", "half a surrogate pair"}));

INSTANTIATE_TEST_SUITE_P(
    DuplicatesAndData, BadStructuredEvent,
    testing::Values(
        BadStructured{R"("id":"1")", "member 'id' stands there twice"},
        BadStructured{R"("i\u0064":"2")", "member 'id' stands there twice"},
        BadStructured{R"("id":null)", "member 'id' stands there twice"},
        BadStructured{R"("specversion":"1.0")", "member 'specversion' stands there twice"},
        BadStructured{R"("ext":1,"ext":2)", "member 'ext' stands there twice"},
        BadStructured{R"("ext":null,"ext":2)", "member 'ext' stands there twice"},
        BadStructured{R"("ext":null,"ext":null)", "member 'ext' stands there twice"},
        BadStructured{R"("data":1,"data":1)", "member 'data' stands there twice"},
        BadStructured{R"("data":null,"data":1)", "member 'data' stands there twice"},
        BadStructured{R"("data_base64":"","data_base64":"")", "member 'data_base64' stands"},
        BadStructured{R"("data":1,"data_base64":"AA==")", "'data' and 'data_base64' exclude"},
        BadStructured{R"("data":null,"data_base64":"AA==")", "'data' and 'data_base64' exclude"},
        BadStructured{R"("data_base64":"AA=")", "'data_base64' is not base64: the length"},
        BadStructured{R"("data_base64":"A A=")", "'data_base64' is not base64"},
        BadStructured{R"("data_base64":5)", "'data_base64' is a number; want base64"},
        BadStructured{R"("data_base64":{})", "'data_base64' is an object"},
        BadStructured{R"("datacontenttype":"text/plain","data":"\ud800")", "'data' holds half"}));

std::string old_event(const std::string& members) {
  return R"({"specversion":"0.3","id":"1","source":"/s","type":"t",)" + members + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Version03, BadStructuredEvent,
    testing::Values(
        BadStructured{old_event(R"("data_base64":"AA==")"), "'data_base64' is not part of 0.3"},
        BadStructured{old_event(R"("datacontentencoding":"base64","data":{})"), "'data' is an ob"},
        BadStructured{old_event(R"("datacontentencoding":"base64","data":"?")"), "'data' is not b"},
        BadStructured{old_event(R"("datacontentencoding":"gzip","data":"")"), "only base64"},
        BadStructured{old_event(R"("datacontentencoding":5)"), "'datacontentencoding' must be"},
        BadStructured{old_event(R"("schemaurl":true)"), "'schemaurl' must be a string"},
        BadStructured{old_event(R"("schemaurl":"a b")"), "'schemaurl' is not a URI-reference"}));

TEST(StructuredMode, RefusesACharsetOtherThanUtf8) {
  for (const char* charset : {"utf-16", "iso-8859-1", "\"latin1\""}) {
    const std::string type = "application/cloudevents+json; charset=" + std::string(charset);
    const auto read = read_http({{"Content-Type", type}}, json_with(R"("a":"b")"));
    ASSERT_FALSE(read) << charset;
    EXPECT_NE(read.error().detail.find("UTF-8"), std::string::npos);
  }
}

TEST(StructuredMode, RefusesMoreAttributesThanHeadersCouldCarry) {
  std::string members = R"("a":1)";
  for (int i = 0; i < 50000; ++i) members += ",\"a" + std::to_string(i) + "\":1";
  const auto many = read_json(json_with(members));
  ASSERT_FALSE(many);
  EXPECT_NE(many.error().detail.find("at most 120"), std::string::npos) << many.error().detail;
  members = R"("a":null)";
  for (int i = 0; i < 50000; ++i) members += ",\"a" + std::to_string(i) + "\":null";
  EXPECT_FALSE(read_json(json_with(members)));
}

}  // namespace
}  // namespace sluice
