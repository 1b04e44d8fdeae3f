// Which URLs an HTTP client of ours takes and how it splits them, and what counts as a URI and as a
// URI-reference (RFC 3986). Tables.

#include "base/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(ParseHttpUrl, SplitsWhatAClientNeeds) {
  struct Row {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* authority;
    const char* target;
  };
  const Row table[] = {
      {"http://example.com", "example.com", 80, "example.com", "/"},
      {"http://example.com/", "example.com", 80, "example.com", "/"},
      {"http://example.com:8080", "example.com", 8080, "example.com:8080", "/"},
      {"http://127.0.0.1:9000/a/b?c=d&e", "127.0.0.1", 9000, "127.0.0.1:9000", "/a/b?c=d&e"},
      {"http://example.com?x=1", "example.com", 80, "example.com", "/?x=1"},
      {"http://example.com/a#part", "example.com", 80, "example.com", "/a"},
      {"http://[::1]:8080/x", "::1", 8080, "[::1]:8080", "/x"},
      {"HTTP://Example.com/A%20b", "Example.com", 80, "Example.com", "/A%20b"},
      {"http://svc.ns.svc.cluster.local", "svc.ns.svc.cluster.local", 80,
       "svc.ns.svc.cluster.local", "/"},
  };
  for (const Row& row : table) {
    const auto url = parse_http_url(row.text);
    ASSERT_TRUE(url.has_value()) << row.text;
    EXPECT_EQ(url.value().text, row.text);
    EXPECT_EQ(url.value().host, row.host) << row.text;
    EXPECT_EQ(url.value().port, row.port) << row.text;
    EXPECT_EQ(url.value().authority, row.authority) << row.text;
    EXPECT_EQ(url.value().target, row.target) << row.text;
  }
}

TEST(ParseHttpUrl, RefusesWhatAClientCannotReach) {
  struct Row {
    const char* text;
    const char* reason;
  };
  const Row table[] = {
      {"", "not an absolute URL"},
      {"example.com", "not an absolute URL"},
      {"/path", "not an absolute URL"},
      {"//example.com/path", "not an absolute URL"},
      {"http://a b/", "not an absolute URL"},
      {"http://example.com/a b", "not an absolute URL"},
      {"http://[::1", "not an absolute URL"},
      {"http://example.com:port/", "not an absolute URL"},
      {"http://example.com/%zz", "not an absolute URL"},
      {"http:///path", "has no host"},
      {"http://example.com:0/", "bad port"},
      {"http://example.com:65536/", "bad port"},
      {"https://example.com/", "no TLS"},
      {"ftp://example.com/", "not an http URL"},
      {"mailto:x@example.com", "not an http URL"},
      {"http://user:secret@example.com/", "credentials"},
  };
  for (const Row& row : table) {
    const auto url = parse_http_url(row.text);
    ASSERT_FALSE(url.has_value()) << row.text;
    EXPECT_EQ(url.error().code, Errc::invalid_argument) << row.text;
    EXPECT_THAT(url.error().detail, testing::HasSubstr(row.reason)) << row.text;
    EXPECT_EQ(url.error().detail.find('\n'), std::string::npos) << row.text;
  }
}

TEST(Uri, IsTellingReferencesFromAbsolutes) {
  struct Row {
    const char* text;
    bool reference;
    bool absolute;
  };
  const Row table[] = {
      {"", false, false},
      {"/shops/eu-west/1234", true, false},
      {"orders", true, false},
      {"../x?y#z", true, false},
      {"#part", true, false},
      {"//example.com/x", true, false},
      {"http://example.com/x", true, true},
      {"https://example.com/x#y", true, true},
      {"urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", true, true},
      {"mailto:a@example.com", true, true},
      {"tag:example.com,2026:x", true, true},
      {"a b", false, false},
      {"%zz", false, false},
      {"http://[::1", false, false},
      {"http://example.com:port/", false, false},
      {"//example.com:port/", false, false},
      {"1scheme:x", false, false},
      {"<x>", false, false},
      {"x\ny", false, false},
      {"caf\xC3\xA9", false, false},
  };
  for (const Row& row : table) {
    EXPECT_EQ(is_uri_reference(row.text), row.reference) << row.text;
    EXPECT_EQ(is_absolute_uri(row.text), row.absolute) << row.text;
  }
}

}  // namespace
}  // namespace sluice
