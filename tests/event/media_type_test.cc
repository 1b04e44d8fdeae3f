// What is checked: which texts are media types, which of them say JSON, and which charsets are
// UTF-8.

#include "event/media_type.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(MediaType, TakesTypesWithParameters) {
  for (const char* text :
       {"a/b", "application/vnd.apache.thrift.binary", "text/plain; charset=utf-8",
        "text/plain;charset=\"utf-8\"", "a/b;", "a/b ; c=d ;e=\"f;\\\"g\"",
        "multipart/form-data; boundary=----x", "*/*", "image/svg+xml"}) {
    EXPECT_TRUE(is_media_type(text)) << text;
  }
}

TEST(MediaType, RefusesTheRest) {
  for (const char* text : {"",
                           "a",
                           "a/",
                           "/b",
                           "a/b/c",
                           "a /b",
                           "a/ b",
                           " a/b",
                           "a/b c",
                           "a/b;c",
                           "a/b;c=",
                           "a/b;=d",
                           "a/b; c =d",
                           "a/b; c= d",
                           "a/b;c=\"d",
                           "a/b;c=\"d\\",
                           "a/b;c=\"d\"e",
                           "a/b,c/d",
                           "a/b;c=\"\x01\"",
                           "a/b;c=\"\xc3\xa9\""}) {
    EXPECT_FALSE(is_media_type(text)) << text;
  }
}

TEST(MediaType, KnowsJson) {
  for (const char* text : {"application/json", "APPLICATION/JSON", "text/json; charset=utf-8",
                           "application/cloudevents+json", "image/x+JSON ;a=b"}) {
    EXPECT_TRUE(is_json_media_type(text)) << text;
  }
  for (const char* text : {"", "json", "application/xml", "application/jsonx", "application/xjson",
                           "text/plain; a=application/json"}) {
    EXPECT_FALSE(is_json_media_type(text)) << text;
  }
}

TEST(MediaType, KnowsUtf8) {
  for (const char* text : {"a/b", "a/b; charset=UTF-8", "a/b;x=y;charset=\"utf-8\"",
                           "a/b;charset=utf8", "a/b; Charset=us-ascii"}) {
    EXPECT_TRUE(is_utf8_charset(text)) << text;
  }
  for (const char* text : {"a/b; charset=utf-16", "a/b;x=y; charset=\"iso-8859-1\""}) {
    EXPECT_FALSE(is_utf8_charset(text)) << text;
  }
}

}  // namespace
}  // namespace sluice
