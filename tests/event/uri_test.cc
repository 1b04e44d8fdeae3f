// What is checked: the fast URI scanner answers as Boost.URL does, over a table and over arbitrary
// near-URIs.

#include "event/uri.h"

#include "base/url.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(EventUri, TakesReferencesAndUris) {
  for (const char* text :
       {"https://example.com/a?b#c", "urn:example:a", "mailto:a@b", "file:///x", "http://u:p@h:80/",
        "http://[::1]:8080/x", "http://h:", "a+b-c.1:x", "x:"}) {
    EXPECT_TRUE(is_event_uri(text)) << text;
    EXPECT_TRUE(is_event_uri_reference(text)) << text;
  }
  for (const char* text :
       {"/a/b", "a", "a/b:c", "./a:b", "//h/x", "?q", "#f", "1-555-123-4567", "%41", "a@b", "*"}) {
    EXPECT_FALSE(is_event_uri(text)) << text;
    EXPECT_TRUE(is_event_uri_reference(text)) << text;
  }
}

TEST(EventUri, RefusesTheRest) {
  for (const char* text :
       {"",       " ",    "a b",   "1:b",          ":",           "a:b c",        "/a|b",
        "%4",     "%zz",  "a#b#c", "http://h:8o/", "http://[::1", "http://[x]/",  "//a@b@c",
        "\u20ac", "a\\b", "a\"b",  "<a>",          "{a}",         "http://h\x01/"}) {
    EXPECT_FALSE(is_event_uri(text)) << text;
    EXPECT_FALSE(is_event_uri_reference(text)) << text;
  }
}

RC_GTEST_PROP(EventUri, AgreesWithBoostUrl, ()) {
  const auto piece = rc::gen::element<std::string>("a", "1", ":", "//", "/", "?", "#", "@", "%41",
                                                   "%", "[::1]", "[", ".", "+", "-", "~", " ", "|",
                                                   "http", "h:80", "\xc3\xa9", "!", "'", "\"");
  std::string text;
  for (const auto& p : *rc::gen::container<std::vector<std::string>>(piece)) text += p;
  RC_ASSERT(is_event_uri_reference(text) == is_uri_reference(text));
  RC_ASSERT(is_event_uri(text) == is_absolute_uri(text));
}

}  // namespace
}  // namespace sluice
