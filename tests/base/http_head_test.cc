// What is checked: names of header fields compare without regard to case, and the table of fields
// is bounded.

#include "base/http_head.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(HttpFields, FindsTheFirstFieldInAnySpelling) {
  HttpFields fields;
  ASSERT_TRUE(fields.add({"Content-Type", "a/b"}));
  ASSERT_TRUE(fields.add({"CONTENT-TYPE", "c/d"}));
  EXPECT_EQ(fields.find("content-type"), "a/b");
  EXPECT_EQ(fields.find("content-typ"), std::nullopt);
}

TEST(HttpFields, ComparesLettersOnlyWithoutCase) {
  EXPECT_TRUE(iequals("aZ-09[", "az-09["));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("ab", "abc"));
}

TEST(HttpFields, RefusesMoreThanItHoldsUntilCleared) {
  HttpFields fields;
  for (std::size_t i = 0; i < HttpFields::kMaxFields; ++i) ASSERT_TRUE(fields.add({"a", "b"}));
  EXPECT_FALSE(fields.add({"a", "b"}));
  fields.clear();
  EXPECT_TRUE(fields.all().empty());
  EXPECT_TRUE(fields.add({"a", "b"}));
}

}  // namespace
}  // namespace sluice
