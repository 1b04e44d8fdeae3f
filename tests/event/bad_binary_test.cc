// What is checked: what is no valid event in binary mode is refused (400 at the ingress), and the
// error names the attribute and says what is wrong. One row per way to be wrong, each a small valid
// event but for one thing.

#include "tests/event/event_reading.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

struct BadBinary {
  Headers more;  // Beside those of a valid event; an empty name takes the one in `value` away.
  std::string body;
  const char* message_part;
};

Result<EventPtr> read_bad(const BadBinary& bad) {
  Headers headers = with_required({});
  for (const HttpField& field : bad.more) {
    // A required attribute that is given here replaces the valid one unless it comes in capitals.
    std::erase_if(headers, [&](const HttpField& h) {
      return h.name == field.name || (field.name.empty() && h.name == field.value);
    });
  }
  for (const HttpField& field : bad.more) {
    if (!field.name.empty()) headers.push_back(field);
  }
  return read_http(headers, bad.body);
}

class BadBinaryEvent : public testing::TestWithParam<BadBinary> {};

TEST_P(BadBinaryEvent, IsRefusedAndNamed) {
  const auto read = read_bad(GetParam());
  ASSERT_FALSE(read) << "want an error with: " << GetParam().message_part;
  EXPECT_EQ(read.error().code, Errc::invalid_argument);
  EXPECT_NE(read.error().detail.find(GetParam().message_part), std::string::npos)
      << read.error().detail;
  EXPECT_EQ(read.error().detail.find_first_of("\r\n"), std::string::npos) << "one line";
}

INSTANTIATE_TEST_SUITE_P(
    Required, BadBinaryEvent,
    testing::Values(
        BadBinary{{{"", "ce-specversion"}}, "", "'specversion' is missing"},
        BadBinary{{{"ce-specversion", ""}}, "", "'specversion' is neither 1.0 nor 0.3: ''"},
        BadBinary{{{"ce-specversion", "19.0"}}, "", "'specversion' is neither 1.0 nor 0.3: '19.0'"},
        BadBinary{{{"ce-specversion", "1.0.2"}}, "", "'specversion' is neither"},
        BadBinary{{{"ce-specversion", "1"}}, "", "'specversion' is neither"},
        BadBinary{{{"ce-specversion", "0.2"}}, "", "'specversion' is neither"},
        BadBinary{{{"", "ce-id"}}, "", "'id' is required and missing"},
        BadBinary{{{"", "ce-source"}}, "", "'source' is required and missing"},
        BadBinary{{{"", "ce-type"}}, "", "'type' is required and missing"},
        BadBinary{{{"ce-id", ""}}, "", "'id' is blank"},
        BadBinary{{{"ce-id", "%20"}}, "", "'id' is blank"},
        BadBinary{{{"ce-id", "\" \""}}, "", "'id' is blank"},
        BadBinary{{{"ce-id", "%C2%A0%E3%80%80"}}, "", "'id' is blank"},
        BadBinary{{{"ce-source", ""}}, "", "'source' is blank"},
        BadBinary{{{"ce-source", "%20%20"}}, "", "'source' is blank"},
        BadBinary{{{"ce-type", ""}}, "", "'type' is blank"},
        BadBinary{{{"ce-type", "%20"}}, "", "'type' is blank"}));

INSTANTIATE_TEST_SUITE_P(
    Values, BadBinaryEvent,
    testing::Values(
        BadBinary{{{"ce-source", "a b"}}, "", "'source' is not a URI-reference: 'a b'"},
        BadBinary{{{"ce-source", "/a%20b"}}, "", "'source' is not a URI-reference: '/a b'"},
        BadBinary{{{"ce-source", "http://[::1"}}, "", "'source' is not a URI-reference"},
        BadBinary{{{"ce-source", "1:b"}}, "", "'source' is not a URI-reference"},
        BadBinary{{{"ce-source", "/a%25zz"}}, "", "'source' is not a URI-reference"},
        BadBinary{{{"ce-source", "/<a>"}}, "", "'source' is not a URI-reference"},
        BadBinary{{{"ce-source", "/%E2%82%AC"}}, "", "'source' is not a URI-reference"},
        BadBinary{{{"ce-source", "http://a:b/"}}, "", "'source' is not a URI-reference"},
        BadBinary{{{"ce-time", "2026-11-20 14:45:00Z"}}, "", "'time' is not an RFC 3339"},
        BadBinary{{{"ce-time", "2026-11-20%2014:45:00Z"}}, "", "'2026-11-20 14:45:00Z'"},
        BadBinary{{{"ce-time", "2026-11-20T14:45:00"}}, "", "'time' is not an RFC 3339"},
        BadBinary{{{"ce-time", "2026-02-30T14:45:00Z"}}, "", "'time' is not an RFC 3339"},
        BadBinary{{{"ce-time", "2026-11-20T14:45:61Z"}}, "", "'time' is not an RFC 3339"},
        BadBinary{{{"ce-time", "yesterday"}}, "", "'time' is not an RFC 3339"},
        BadBinary{{{"ce-time", "1700000000"}}, "", "'time' is not an RFC 3339"},
        BadBinary{{{"ce-time", ""}}, "", "'time' is blank"},
        BadBinary{{{"ce-subject", ""}}, "", "'subject' is blank"},
        BadBinary{{{"ce-subject", "%20"}}, "", "'subject' is blank"},
        BadBinary{{{"ce-dataschema", "/relative"}}, "", "'dataschema' is not an absolute URI"},
        BadBinary{{{"ce-dataschema", "schema"}}, "", "'dataschema' is not an absolute URI"},
        BadBinary{{{"ce-dataschema", "//host/path"}}, "", "'dataschema' is not an absolute URI"},
        BadBinary{{{"ce-dataschema", "http://a b"}}, "", "'dataschema' is not an absolute URI"},
        BadBinary{{{"ce-dataschema", ""}}, "", "'dataschema' is blank"},
        BadBinary{{{"content-type", "nonsense"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{{{"content-type", ""}}, "", "'datacontenttype' is blank"},
        BadBinary{{{"content-type", "a/"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{{{"content-type", "/b"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{{{"content-type", "a/b c"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{{{"content-type", "a/b; c"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{{{"content-type", "a/b; c=\"d"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{{{"content-type", "a/b, c/d"}}, "", "'datacontenttype' is not a media type"},
        BadBinary{
            {{"content-type", "t\xc3\xa9xt/plain"}}, "", "'datacontenttype' is not a media"}));

INSTANTIATE_TEST_SUITE_P(
    Characters, BadBinaryEvent,
    testing::Values(
        BadBinary{{{"ce-a", "%"}}, "", "'a' has a percent sign at byte 0"},
        BadBinary{{{"ce-a", "100%"}}, "", "'a' has a percent sign at byte 3"},
        BadBinary{{{"ce-a", "b%4"}}, "", "'a' has a percent sign at byte 1"},
        BadBinary{{{"ce-a", "%zz"}}, "", "'a' has a percent sign"},
        BadBinary{{{"ce-id", "%4x"}}, "", "'id' has a percent sign"},
        BadBinary{{{"ce-specversion", "1%2"}}, "", "'specversion' has a percent sign"},
        BadBinary{{{"ce-a", "%C0%A0"}}, "", "'a' is not UTF-8"},
        BadBinary{{{"ce-a", "%ff"}}, "", "'a' is not UTF-8"},
        BadBinary{{{"ce-a", "%ED%A0%80"}}, "", "'a' is not UTF-8"},
        BadBinary{{{"ce-a", "%E2%82"}}, "", "'a' is not UTF-8"},
        BadBinary{{{"ce-a", "caf\xe9"}}, "", "'a' is not UTF-8 at byte 3"},
        BadBinary{{{"ce-a", "\xff"}}, "", "'a' is not UTF-8"},
        BadBinary{{{"ce-a", "%00"}}, "", "'a' holds a control character"},
        BadBinary{{{"ce-a", "a%0Ab"}}, "", "'a' holds a control character at byte 1: 'a?b'"},
        BadBinary{{{"ce-a", "a\tb"}}, "", "'a' holds a control character"},
        BadBinary{{{"ce-a", "%7F"}}, "", "'a' holds a control character"},
        BadBinary{{{"ce-a", "%C2%85"}}, "", "'a' holds a control character"},
        BadBinary{{{"ce-id", "%1F"}}, "", "'id' holds a control character"},
        BadBinary{{{"ce-a", "%EF%BF%BF"}}, "", "'a' holds a Unicode non-character"},
        BadBinary{{{"ce-a", "%EF%B7%90"}}, "", "'a' holds a Unicode non-character"},
        BadBinary{{{"ce-a", "%F0%9F%BF%BE"}}, "", "'a' holds a Unicode non-character"}));

INSTANTIATE_TEST_SUITE_P(
    Names, BadBinaryEvent,
    testing::Values(
        BadBinary{{{"ce-", "x"}}, "", "attribute name is empty"},
        BadBinary{{{"ce-my-ext", "x"}}, "", "attribute name 'my-ext' may hold only lower-case"},
        BadBinary{{{"ce-my_ext", "x"}}, "", "attribute name 'my_ext'"},
        BadBinary{{{"ce-my.ext", "x"}}, "", "attribute name 'my.ext'"},
        BadBinary{{{"CE-My+Ext", "x"}}, "", "attribute name 'my+ext'"},
        BadBinary{{{"ce-d\xc3\xa9j\xc3\xa0", "x"}}, "", "attribute name"},
        BadBinary{{{"ce-data", "x"}}, "", "'data' is no attribute name"},
        BadBinary{{{"ce-data_base64", "x"}}, "", "attribute name 'data_base64'"},
        BadBinary{{{"ce-datacontenttype", "text/plain"}}, "", "ce-datacontenttype"},
        BadBinary{{{"CE-DataContentType", "text/plain"}}, "", "ce-datacontenttype"},
        BadBinary{{{"CE-ID", "2"}}, "", "ce-id stands there twice"},
        BadBinary{{{"CE-Specversion", "1.0"}}, "", "ce-specversion stands there twice"},
        BadBinary{{{"ce-a", "1"}, {"ce-a", "1"}}, "", "ce-a stands there twice"},
        BadBinary{{{"ce-a", "1"}, {"CE-A", "2"}}, "", "ce-a stands there twice"},
        BadBinary{{{"content-type", "a/b"}, {"Content-Type", "a/b"}}, "", "content-type stands"}));

INSTANTIATE_TEST_SUITE_P(
    Version03, BadBinaryEvent,
    testing::Values(
        BadBinary{{{"ce-specversion", "0.3"}, {"ce-schemaurl", "a b"}}, "", "'schemaurl' is not"},
        BadBinary{{{"ce-specversion", "0.3"}, {"ce-datacontentencoding", "gzip"}},
                  "x",
                  "'datacontentencoding' is 'gzip'"},
        BadBinary{{{"ce-specversion", "0.3"}, {"ce-datacontentencoding", "base64"}},
                  "not base64!",
                  "'data' is not base64"}));

TEST(BinaryMode, RefusesAVeryLongNameAndTooManyAttributes) {
  const std::string name = "ce-" + std::string(256, 'a');
  const auto read = read_http(with_required({{name, "x"}}), "");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("longer than 255"), std::string::npos);
  Headers headers = with_required({});
  std::vector<std::string> names;
  for (int i = 0; i < 120; ++i) names.push_back("ce-a" + std::to_string(i));
  for (const std::string& each : names) headers.push_back({each, "x"});
  const auto many = read_http(headers, "");
  ASSERT_FALSE(many);
  EXPECT_NE(many.error().detail.find("123 attributes; at most 120"), std::string::npos)
      << many.error().detail;
}

TEST(EventFromHttp, SaysWhyAModeIsNotTaken) {
  HttpBody body;
  const std::pair<HttpMode, const char*> cases[] = {
      {HttpMode::none, "no CloudEvent"},
      {HttpMode::unsupported, "application/cloudevents+json only"},
      {HttpMode::batch, "a batch is no event"}};
  for (const auto& [mode, part] : cases) {
    const auto read = event_from_http(mode, {}, body);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().detail.find(part), std::string::npos) << read.error().detail;
  }
}

}  // namespace
}  // namespace sluice
