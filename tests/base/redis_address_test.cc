// What is checked: the addresses that are taken, and that what is refused is told with the fix and
// without the password.

#include "base/redis_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(RedisAddress, ReadsWhatItIsMadeOf) {
  struct Row {
    const char* text;
    const char* host;
    int port;
    const char* user;
    const char* password;
    unsigned db;
    const char* shown;
  };
  const std::vector<Row> table = {
      {"redis://cache", "cache", 6379, "", "", 0, "redis://cache"},
      {"redis://cache:7000/", "cache", 7000, "", "", 0, "redis://cache:7000"},
      {"redis://cache:7000/3", "cache", 7000, "", "", 3, "redis://cache:7000/3"},
      {"redis://[::1]:7000", "::1", 7000, "", "", 0, "redis://[::1]:7000"},
      {"redis://[::1]", "::1", 6379, "", "", 0, "redis://[::1]"},
      {"redis://:geheim@cache", "cache", 6379, "", "geheim", 0, "redis://cache"},
      {"redis://me:geh%40im@cache/1", "cache", 6379, "me", "geh@im", 1, "redis://cache/1"},
      {"redis://me:a@b:c@cache", "cache", 6379, "me", "a@b:c", 0, "redis://cache"},
  };
  for (const Row& row : table) {
    const auto address = parse_redis_address(row.text);
    ASSERT_TRUE(address) << row.text << ": " << address.error().detail;
    EXPECT_EQ(address.value().host, row.host) << row.text;
    EXPECT_EQ(address.value().port, row.port) << row.text;
    EXPECT_EQ(address.value().user, row.user) << row.text;
    EXPECT_EQ(address.value().password, row.password) << row.text;
    EXPECT_EQ(address.value().db, row.db) << row.text;
    EXPECT_EQ(address.value().shown, row.shown) << row.text;
  }
}

TEST(RedisAddress, RefusesTheRestAndNeverShowsAPassword) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"", "begin with redis://"},
      {"cache:6379", "begin with redis://"},
      {"http://cache", "begin with redis://"},
      {"rediss://cache", "stunnel"},
      {"rediss://:geheim@cache", "stunnel"},
      {"redis://", "no host"},
      {"redis://:geheim@", "no host"},
      {"redis://:geheim@:6379", "no host"},
      {"redis://geheim@cache", "no password"},
      {"redis://:@cache", "no password"},
      {"redis://me:geheim%@cache", "%25"},
      {"redis://:geheim@cache:0", "port"},
      {"redis://:geheim@cache:66000", "port"},
      {"redis://:geheim@cache:", "port"},
      {"redis://:geheim@cache/x", "number of a database"},
      {"redis://:geheim@cache/-1", "number of a database"},
      {"redis://:geheim@cache?db=1", "'?'"},
      {"redis://[::1:6379", "']'"},
      {"redis://[::1]6379", "':port'"},
      {"redis://a b", "character"},
  };
  for (const auto& [text, expected] : table) {
    const auto address = parse_redis_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, Errc::invalid_argument) << text;
    EXPECT_THAT(address.error().detail, testing::HasSubstr(expected)) << text;
    EXPECT_THAT(address.error().detail, testing::Not(testing::HasSubstr("geheim"))) << text;
  }
}

}  // namespace
}  // namespace sluice
